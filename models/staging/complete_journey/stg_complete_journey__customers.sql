with

source as (

    select * from {{ source('complete_journey', 'demographics') }}

),

renamed as (

    select
        household_id as customer_id,
        nullif(age, 'NaN') as age_band,
        nullif(income, 'NaN') as income_band,
        nullif(home_ownership, 'NaN') as home_ownership,
        nullif(marital_status, 'NaN') as marital_status,
        nullif(household_size, 'NaN') as household_size,
        nullif(household_comp, 'NaN') as household_composition,
        nullif(kids_count, 'NaN') as kids_count,
        _loaded_at as loaded_at
    from source

)

select * from renamed
