with

demographics as (

    select * from {{ ref('stg_complete_journey__customers') }}

),

order_lines as (

    select * from {{ ref('stg_complete_journey__order_lines') }}

),

campaign_exposures as (

    select * from {{ ref('stg_complete_journey__campaign_exposures') }}

),

coupon_redemptions as (

    select * from {{ ref('stg_complete_journey__coupon_redemptions') }}

),

-- Every customer that any source table names.
mentions as (

    select
        customer_id,
        loaded_at
    from demographics
    union all
    select
        customer_id,
        loaded_at
    from order_lines
    union all
    select
        customer_id,
        loaded_at
    from campaign_exposures
    union all
    select
        customer_id,
        loaded_at
    from coupon_redemptions

),

known as (

    select
        customer_id,
        min(loaded_at) as loaded_at
    from mentions
    where customer_id is not null
    group by customer_id

),

described as (

    select *
    from demographics
    qualify
        row_number() over (
            partition by customer_id
            order by
                loaded_at desc, age_band asc, income_band asc, home_ownership asc,
                marital_status asc, household_size asc, household_composition asc, kids_count asc,
                source_file asc, source_row asc
        ) = 1

),

joined as (

    select
        known.customer_id,
        coalesce(described.age_band, 'unknown') as age_band,
        coalesce(described.income_band, 'unknown') as income_band,
        coalesce(described.home_ownership, 'unknown') as home_ownership,
        coalesce(described.marital_status, 'unknown') as marital_status,
        coalesce(described.household_size, 'unknown') as household_size,
        coalesce(described.household_composition, 'unknown') as household_composition,
        coalesce(described.kids_count, 'unknown') as kids_count,
        described.customer_id is not null as has_demographics,
        described.source_file,
        described.batch_id,
        described.source_row,
        coalesce(described.loaded_at, known.loaded_at) as loaded_at
    from known
    left join described on known.customer_id = described.customer_id

)

select * from joined
