{#- One feature view of a point-in-time join, in two steps, so that only keys and times are
    compared: which row held at the time of each row of the spine, and then the features of
    these rows. -#}
{%- macro _point_in_time_view_sql(view, mode) -%}
{%- set held_from = 'dbt_valid_from' if mode == 'as_served' else 'feature_time' -%}
{%- set conditions = [] -%}
{%- if mode == 'as_served' -%}
    {%- do conditions.append(
        '(\n            features.dbt_valid_to is null\n'
        ~ '            or held._spine_time < features.dbt_valid_to\n'
        ~ '            or held._rows_held > 1\n        )'
    ) -%}
{%- endif -%}
{%- if view.max_age_us is not none -%}
    {%- do conditions.append(
        'epoch_us(held._spine_time) - epoch_us(features.feature_time) <= ' ~ view.max_age_us
    ) -%}
{%- endif -%}
{{ feature_store._point_in_time_held_sql(view, mode, held_from) }}

{{ view.name }}_features as materialized (

    select
        held._spine_row,
        {%- if view.select is none %}
        columns(
            features.* exclude (
                {%- for key in view.entity %}
                {{ feature_store._quoted(key) }},
                {%- endfor %}
                feature_time,
                known_at
                {%- if mode == 'as_served' %},
                dbt_scd_id,
                dbt_updated_at,
                dbt_valid_from,
                dbt_valid_to
                {%- endif %}
            )
        ){{ ' as "' ~ view.prefix ~ '\\0"' if view.prefix }}
        {%- else -%}
        {%- for feature in view.select %}
        features.{{ feature_store._name(feature) }}
        {{- ' as ' ~ feature_store._quoted(view.prefix ~ feature_store._plain_name(feature)) if view.prefix }}
        {{- ',' if not loop.last }}
        {%- endfor %}
        {%- endif %}
        {%- if mode == 'as_served' %},
        held._rows_held
        {%- endif %}
    from {{ view.name }}_held as held
    inner join {{ view.name }}_rows as features
        on
            held.{{ held_from }} = features.{{ held_from }}
            {%- for key in view.entity %}
            and held.{{ feature_store._quoted(key) }} = features.{{ feature_store._quoted(key) }}
            {%- endfor %}
    {%- if conditions %}
    where
        {{ conditions | join('\n        and ') }}
    {%- endif %}

),

{{ feature_store._point_in_time_twice_sql(view, mode, held_from) }}
{%- endmacro -%}
