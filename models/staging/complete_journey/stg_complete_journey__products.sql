with

source as (

    select * from {{ source('complete_journey', 'products') }}

),

renamed as (

    select
        product_id,
        manufacturer_id,
        nullif(department, 'NaN') as department,
        nullif(brand, 'NaN') as brand,
        nullif(product_category, 'NaN') as product_category,
        nullif(product_type, 'NaN') as product_type,
        nullif(package_size, 'NaN') as package_size,
        _loaded_at as loaded_at
    from source

)

select * from renamed
