with

source as (

    select * from {{ source('complete_journey', 'coupon_redemptions') }}

),

renamed as (

    select
        household_id as customer_id,
        coupon_upc,
        campaign_id,
        cast(redemption_date as date) as redemption_date,
        _loaded_at as loaded_at
    from source

)

select * from renamed
