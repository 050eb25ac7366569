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
        _loaded_at as loaded_at
    from source

)

select * from renamed
