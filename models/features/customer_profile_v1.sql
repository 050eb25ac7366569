{%- do feature_store.check_feature_view(feature_store.feature_view()) -%}
with

profiles as (

    select * from {{ ref('customer_profiles') }}

),

age_bands as (

    select * from {{ ref('age_bands') }}

),

income_bands as (

    select * from {{ ref('income_bands') }}

),

encoded as (

    select
        profiles.customer_id,
        -- The source does not say since when the first profile on record is true: it is taken to be
        -- valid from the beginning of time. known_at says when it was loaded.
        if(
            row_number() over (
                partition by profiles.customer_id order by profiles.dbt_valid_from
            ) = 1,
            timestamp '1970-01-01',
            profiles.dbt_valid_from
        ) as feature_time,
        age_bands.age_rank,
        income_bands.income_rank,
        try_cast(rtrim(profiles.household_size, '+') as integer) as household_size,
        try_cast(rtrim(profiles.kids_count, '+') as integer) as kids_count,
        case profiles.home_ownership
            when 'Homeowner' then true
            when 'Probable Homeowner' then true
            when 'Renter' then false
            when 'Probable Renter' then false
        end as is_homeowner,
        case profiles.marital_status
            when 'Married' then true
            when 'Unmarried' then false
        end as is_married,
        profiles.household_composition,
        profiles.has_demographics,
        profiles.dbt_valid_from as known_at
    from profiles
    left join age_bands on profiles.age_band = age_bands.age_band
    left join income_bands on profiles.income_band = income_bands.income_band

)

select * from encoded
