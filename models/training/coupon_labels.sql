with

exposures as (

    select * from {{ ref('campaign_exposures') }}

),

redemptions as (

    select * from {{ ref('coupon_redemptions') }}

),

run as (

    {{ as_of(ref('order_lines'), 'ordered_at', '1d') }}

),

first_order as (

    select min(ordered_at) as ordered_at from {{ ref('order_lines') }}

),

redeemers as (

    select distinct
        exposures.campaign_id,
        exposures.customer_id
    from exposures
    inner join redemptions
        on
            exposures.campaign_id = redemptions.campaign_id
            and exposures.customer_id = redemptions.customer_id
            and redemptions.redemption_date between exposures.start_date and exposures.end_date

),

labelled as (

    select
        exposures.campaign_id,
        exposures.customer_id,
        exposures.campaign_type,
        redeemers.customer_id is not null as has_redeemed,
        exposures.starts_at as label_time
    from exposures
    left join redeemers
        on
            exposures.campaign_id = redeemers.campaign_id
            and exposures.customer_id = redeemers.customer_id
    -- Of a campaign that is not over, or that began before the data do, the outcome is not known.
    where
        exposures.ends_at <= (select run.as_of from run)
        and exposures.starts_at >= (select first_order.ordered_at from first_order)

)

select * from labelled
order by
    label_time,
    campaign_id,
    customer_id
