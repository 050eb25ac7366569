{#- Which row of a feature view held at the time of each row of the spine: its keys and time.

    Where an entity has few rows in the spine, each is compared with all rows of its entity,
    which takes no sorting. As that would be every row with every other where it has many, these
    are found by an as-of join, for which the rows of their entities are sorted.

    Of a snapshot, the quiet rows also tell of how many rows held; two are one too many. -#}
{%- macro _point_in_time_held_sql(view, mode, held_from) -%}
{%- set is_served = mode == 'as_served' -%}
{{ view.name }}_rows as not materialized (

    -- No rows where the types of the keys differ, which checked_types tells of: nothing is cast.
    select features.*
    from {{ view.relation }} as features
    left join spine on false
    where
        {%- for key, column in view.entity.items() %}
        {{ 'and ' if not loop.first }}{{ feature_store._are_comparable_keys(
            'typeof(spine.' ~ feature_store._quoted(column) ~ ')',
            'typeof(features.' ~ feature_store._quoted(key) ~ ')'
        ) | indent(8) }}
        {%- endfor %}

),

{{ feature_store._point_in_time_busy_sql(view, mode) }}

{{ view.name }}_held as (

    select
        quiet._spine_row,
        any_value(quiet._spine_time) as _spine_time,
        {%- for key in view.entity %}
        any_value(features.{{ feature_store._quoted(key) }}) as {{ feature_store._quoted(key) }},
        {%- endfor %}
        max(features.{{ held_from }}) as {{ held_from }}
        {%- if is_served %},
        count(*) as _rows_held
        {%- endif %}
    from {{ view.spine }}_quiet as quiet
    inner join {{ view.name }}_rows as features
        on
            {{ feature_store._same_entity_sql('quiet', 'features', view.entity) | indent(12) }}
            and quiet._spine_time >= features.{{ held_from }}
            {%- if is_served %}
            and (features.dbt_valid_to is null or quiet._spine_time < features.dbt_valid_to)
            {%- endif %}
    group by quiet._spine_row
    union all
    select
        busy._spine_row,
        busy._spine_time,
        {%- for key in view.entity %}
        features.{{ feature_store._quoted(key) }},
        {%- endfor %}
        features.{{ held_from }}
        {%- if is_served %},
        if(busy._spine_time < features._earlier_end, 2, 1) as _rows_held
        {%- endif %}
    from {{ view.spine }}_busy as busy
    asof inner join {{ view.name }}_of_busy{{ '_in_order' if is_served }} as features
        on
            {{ feature_store._same_entity_sql('busy', 'features', view.entity) | indent(12) }}
            and busy._spine_time >= features.{{ held_from }}

),
{%- endmacro -%}

{#- SQL of whether a row of the spine and one of a feature view are of the same entity. -#}
{%- macro _same_entity_sql(spine, features, entity) -%}
    {%- set conditions = [] -%}
    {%- for key, column in entity.items() -%}
        {%- do conditions.append(spine ~ '.' ~ feature_store._quoted(column)
            ~ ' = ' ~ features ~ '.' ~ feature_store._quoted(key)) -%}
    {%- endfor -%}
    {{- return(conditions | join('\nand ')) -}}
{%- endmacro -%}
