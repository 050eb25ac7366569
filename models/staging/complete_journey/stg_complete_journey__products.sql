with

source as (

    select * from {{ source('complete_journey', 'products') }}

),

renamed as (

    select
        product_id,
        manufacturer_id,
        department,
        brand,
        product_category,
        product_type,
        package_size,
        _loaded_at as loaded_at
    from source

)

select * from renamed
