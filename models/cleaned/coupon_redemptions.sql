with

redemptions as (

    select * from {{ ref('stg_complete_journey__coupon_redemptions') }}

),

-- Exact copies are one redemption.
grouped as (

    select
        customer_id,
        coupon_upc,
        campaign_id,
        redemption_date,
        min(loaded_at) as loaded_at
    from redemptions
    group by
        customer_id,
        coupon_upc,
        campaign_id,
        redemption_date

)

select * from grouped
