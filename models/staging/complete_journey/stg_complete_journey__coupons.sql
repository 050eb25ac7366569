with

source as (

    select * from {{ source('complete_journey', 'coupons') }}

),

renamed as (

    select
        coupon_upc,
        product_id,
        campaign_id,
        _loaded_at as loaded_at
    from source

)

select * from renamed
