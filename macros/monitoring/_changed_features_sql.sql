{#- The names of the features that differ, by pair. columns(…) stands for the features, so that the
    SQL can be made without reading their names from the warehouse. -#}
{%- macro _changed_features_sql(features, served, entity, dbt_columns) -%}
-- Each pair's two rows, one below the other. A column that only one of them has is
-- null in the other.
pair_rows as (

    select
        pairs._pair,
        true as _is_served,
        served.* exclude ({{ dbt_columns }})
    from pairs
    inner join {{ served }} as served
        on
            pairs._served_from = served.dbt_valid_from
            {%- for key in entity %}
            and pairs.{{ key }} = served.{{ key }}
            {%- endfor %}
    where pairs._feature_time is not null
    union all by name
    select
        pairs._pair,
        false as _is_served,
        features.*
    from pairs
    inner join {{ features }} as features
        on
            pairs._feature_time = features.feature_time
            {%- for key in entity %}
            and pairs.{{ key }} = features.{{ key }}
            {%- endfor %}
    where pairs._served_from is not null

),

-- One boolean a feature, under its name; known_at is no feature.
is_changed as (

    select
        _pair,
        (
            any_value(columns(* exclude (_pair, _is_served, known_at, {{ entity | join(', ') }})))
                filter (where _is_served)
        ) is distinct from (
            any_value(columns(* exclude (_pair, _is_served, known_at, {{ entity | join(', ') }})))
                filter (where not _is_served)
        )
    from pair_rows
    group by _pair

),

changes as (

    select
        _pair,
        list(_feature order by _feature) as changed_features
    from (unpivot is_changed on columns(* exclude (_pair)) into name _feature value _is_changed)
    where _is_changed
    group by _pair

)
{%- endmacro -%}
