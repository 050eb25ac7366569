with

source as (

    select * from {{ source('complete_journey', 'demographics') }}

),

renamed as (

    select
        household_id as customer_id,
        age as age_band,
        income as income_band,
        home_ownership,
        marital_status,
        household_size,
        household_comp as household_composition,
        kids_count,
        _source_file as source_file,
        _batch_id as batch_id,
        _source_row as source_row,
        _loaded_at as loaded_at
    from source

)

select * from renamed
