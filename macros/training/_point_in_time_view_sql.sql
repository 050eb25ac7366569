{#- One feature view of a point-in-time join, in two steps, so that only keys and times are compared: which
    row held at the time of each row of the spine, and then the features of these rows.

    Where an entity has few rows in the spine, each is compared with all rows of its entity, which takes
    no sorting. As that would be every row with every other where it has many, these are found by an as-of
    join, for which the rows of their entities are sorted. -#}
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
{{ view.name }}_of_busy as (

    select features.*
    from {{ view.relation }} as features
    where
        exists (
            select 1
            from {{ view.spine }}_busy as busy
            where
                {%- for key, column in view.entity.items() %}
                {{ 'and ' if not loop.first }}busy.{{ column }} = features.{{ key }}
                {%- endfor %}
        )

),

{{ view.name }}_held as (

    select
        quiet._spine_row,
        any_value(quiet._spine_time) as _spine_time,
        {%- for key in view.entity %}
        any_value(features.{{ key }}) as {{ key }},
        {%- endfor %}
        max(features.{{ held_from }}) as {{ held_from }}
    from {{ view.spine }}_quiet as quiet
    inner join {{ view.relation }} as features
        on
            {% for key, column in view.entity.items() -%}
            quiet.{{ column }} = features.{{ key }}
            and {% endfor -%}
            quiet._spine_time >= features.{{ held_from }}
    group by quiet._spine_row
    union all
    select
        busy._spine_row,
        busy._spine_time,
        {%- for key in view.entity %}
        features.{{ key }},
        {%- endfor %}
        features.{{ held_from }}
    from {{ view.spine }}_busy as busy
    asof inner join {{ view.name }}_of_busy as features
        on
            {% for key, column in view.entity.items() -%}
            busy.{{ column }} = features.{{ key }}
            and {% endfor -%}
            busy._spine_time >= features.{{ held_from }}

),

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
