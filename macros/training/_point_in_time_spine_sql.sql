{#- The keys and times of the spine for the views of one entity, in two parts: quiet are the rows of entities
    that have few rows in the spine, busy those of the others. -#}
{%- macro _point_in_time_spine_sql(name, columns) -%}
{%- set most = 16 -%}
-- Rows of an entity with at most {{ most }} in the spine, quiet, and of the others, busy, are looked up in
-- different ways: the former are compared with every row of the entity, the latter as-of joined.
{{ name }}_counts as materialized (

    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        count(*) as _spine_rows
    from spine
    where
        {%- for column in columns %}
        {{ 'and ' if not loop.first }}{{ column }} is not null
        {%- endfor %}
    group by
        {{ columns | join(',\n        ') }}

),

{% for part, condition in [('quiet', '<='), ('busy', '>')] -%}
{{ name }}_{{ part }} as materialized (

    select
        spine._spine_row,
        spine._spine_time,
        {%- for column in columns %}
        spine.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from spine
    inner join {{ name }}_counts as counts
        on
            {%- for column in columns %}
            {{ 'and ' if not loop.first }}spine.{{ column }} = counts.{{ column }}
            {%- endfor %}
    where counts._spine_rows {{ condition }} {{ most }}

){{ ',\n\n' if not loop.last }}
{%- endfor %},
{%- endmacro -%}
