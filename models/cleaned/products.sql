with

staged as (

    select * from {{ ref('stg_complete_journey__products') }}

),

latest as (

    select
        product_id,
        manufacturer_id,
        coalesce(department, 'unknown') as department,
        coalesce(brand, 'unknown') as brand,
        coalesce(product_category, 'unknown') as product_category,
        coalesce(product_type, 'unknown') as product_type,
        coalesce(package_size, 'unknown') as package_size,
        loaded_at
    from staged
    qualify
        row_number() over (
            partition by product_id
            order by
                loaded_at desc, manufacturer_id asc, department asc, brand asc,
                product_category asc, product_type asc, package_size asc
        ) = 1

)

select * from latest
