{#- Which row of a feature view held at the time of each row of the spine: its keys and time.

    Where an entity has few rows in the spine, each is compared with all rows of its entity, which takes
    no sorting. As that would be every row with every other where it has many, these are found by an as-of
    join, for which the rows of their entities are sorted. -#}
{%- macro _point_in_time_held_sql(view, held_from) -%}
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
{%- endmacro -%}
