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

bounds as (

    select
        min(ordered_at) as data_from,
        -- There are no outcomes between the end of the data and an as_of after it.
        least(
            (select run.as_of from run), date_trunc('day', max(ordered_at)) + interval 1 day
        ) as data_to
    from {{ ref('order_lines') }}

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
    -- The outcome of a campaign that is not over, or began before the data, is not known.
    where
        exposures.starts_at >= (select bounds.data_from from bounds)
        and exposures.ends_at <= (select bounds.data_to from bounds)

)

select * from labelled
order by
    label_time,
    campaign_id,
    customer_id
