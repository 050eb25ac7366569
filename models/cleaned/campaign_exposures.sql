with

exposures as (

    select * from {{ ref('stg_complete_journey__campaign_exposures') }}

),

campaigns as (

    select * from {{ ref('stg_complete_journey__campaigns') }}

),

joined as (

    select
        exposures.campaign_id,
        exposures.customer_id,
        coalesce(campaigns.campaign_type, 'unknown') as campaign_type,
        campaigns.start_date,
        campaigns.end_date,
        campaigns.starts_at,
        campaigns.ends_at,
        min(exposures.loaded_at) as loaded_at
    from exposures
    left join campaigns on exposures.campaign_id = campaigns.campaign_id
    group by
        exposures.campaign_id,
        exposures.customer_id,
        campaigns.campaign_type,
        campaigns.start_date,
        campaigns.end_date,
        campaigns.starts_at,
        campaigns.ends_at

)

select * from joined
