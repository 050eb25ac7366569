{#- One feature view of a point-in-time join, in two steps, so that only keys and times are compared: which
    row held at the time of each row of the spine, and then the features of these rows. -#}
{%- macro _point_in_time_view_sql(view, mode) -%}
{%- set held_from = 'dbt_valid_from' if mode == 'as_served' else 'feature_time' -%}
{%- set conditions = [] -%}
{%- if mode == 'as_served' -%}
    {%- do conditions.append(
        '(features.dbt_valid_to is null or held._spine_time < features.dbt_valid_to)'
    ) -%}
{%- endif -%}
{%- if view.max_age_us is not none -%}
    {%- do conditions.append(
        'epoch_us(held._spine_time) - epoch_us(features.feature_time) <= ' ~ view.max_age_us
    ) -%}
{%- endif -%}
{{ feature_store._point_in_time_held_sql(view, held_from) }}

{{ view.name }}_features as (

    select
        held._spine_row,
        {%- if view.select is none %}
        columns(
            features.* exclude (
                {%- for key in view.entity %}
                {{ key }},
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
        features.{{ feature }}{{ ' as ' ~ view.prefix ~ feature if view.prefix }}{{ ',' if not loop.last }}
        {%- endfor %}
        {%- endif %}
    from {{ view.name }}_held as held
    inner join {{ view.relation }} as features
        on
            held.{{ held_from }} = features.{{ held_from }}
            {%- for key in view.entity %}
            and held.{{ key }} = features.{{ key }}
            {%- endfor %}
    {%- if conditions %}
    where
        {{ conditions | join('\n        and ') }}
    {%- endif %}

),
{%- endmacro -%}
