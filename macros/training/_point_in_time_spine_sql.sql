{#- The keys and times of the spine's rows for the views of one entity, in two CTEs: rare has those of
    entities with few rows in the spine, frequent those of the others. A third, entities, says which
    is which, and has the first time of each that is finite. -#}
{%- macro _point_in_time_spine_sql(name, columns) -%}
{%- set most = 16 -%}
-- Rows of an entity with at most {{ most }} rows in the spine are rare: each is compared with every
-- feature row of the entity. Rows of other entities are frequent: they are as-of joined.
{{ name }}_entities as materialized (

    select
        {%- for column in columns %}
        {{ feature_store._quoted(column) }},
        {%- endfor %}
        count(*) > {{ most }} as _is_frequent,
        min(_spine_time) filter (isfinite(_spine_time)) as _first_time
    from spine
    where
        {%- for column in columns %}
        {{ 'and ' if not loop.first }}{{ feature_store._quoted(column) }} is not null
        {%- endfor %}
    group by
        {%- for column in columns %}
        {{ feature_store._quoted(column) }}{{ ',' if not loop.last }}
        {%- endfor %}

),

{% for part, is_not in [('rare', 'not '), ('frequent', '')] -%}
{{ name }}_{{ part }} as materialized (

    select
        spine._spine_row,
        spine._spine_time,
        {%- for column in columns %}
        spine.{{ feature_store._quoted(column) }}{{ ',' if not loop.last }}
        {%- endfor %}
    from spine
    inner join {{ name }}_entities as entities
        on
            {%- for column in columns %}
            {%- set quoted = feature_store._quoted(column) %}
            {{ 'and ' if not loop.first }}spine.{{ quoted }} = entities.{{ quoted }}
            {%- endfor %}
    where {{ is_not }}entities._is_frequent

){{ ',\n\n' if not loop.last }}
{%- endfor %},
{%- endmacro -%}
