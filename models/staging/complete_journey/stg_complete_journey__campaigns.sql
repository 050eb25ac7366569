with

source as (

    select * from {{ source('complete_journey', 'campaign_descriptions') }}

),

renamed as (

    select
        campaign_id,
        campaign_type,
        cast(start_date as date) as start_date,
        cast(end_date as date) as end_date,
        timezone('UTC', timezone('{{ source_time_zone() }}', start_date)) as starts_at,
        timezone(
            'UTC', timezone('{{ source_time_zone() }}', end_date + interval 1 day)
        ) as ends_at,
        _loaded_at as loaded_at
    from source

)

select * from renamed
