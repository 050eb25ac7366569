{#- Without a rank, a known band would be encoded as if it were unknown. -#}
{% test every_band_has_a_rank(model, profiles) %}
with

joined as (

    select
        profiles.customer_id,
        profiles.age_band,
        profiles.income_band,
        encoded.age_rank,
        encoded.income_rank
    from {{ profiles }} as profiles
    inner join {{ model }} as encoded
        on
            profiles.customer_id = encoded.customer_id
            and profiles.dbt_valid_from = encoded.known_at

),

validation_errors as (

    select * from joined
    where
        (age_band <> 'unknown' and age_rank is null)
        or (income_band <> 'unknown' and income_rank is null)

)

select * from validation_errors
{% endtest %}
