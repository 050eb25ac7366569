{#- The query of a relation's rows with certain keys. A null is a key too.

    Keys without nulls, most of them, are found by equality: DuckDB then reads only where they can be, and
    computes nothing of a view for the other rows.

    relation: where the rows are.
    keys: relation of the keys.
    columns: list of the key columns, quoted. -#}
{%- macro _rows_of_keys_sql(relation, keys, columns) -%}
select rows_of_keys.*
from {{ relation }} as rows_of_keys
semi join {{ keys }} as wanted
    on
        {%- for column in columns %}
        {{ 'and ' if not loop.first }}rows_of_keys.{{ column }} = wanted.{{ column }}
        {%- endfor %}
union all
select rows_of_keys.*
from {{ relation }} as rows_of_keys
semi join {{ keys }} as wanted
    on
        {%- for column in columns %}
        {{ 'and ' if not loop.first }}rows_of_keys.{{ column }} is not distinct from wanted.{{ column }}
        {%- endfor %}
where
    {%- for column in columns %}
    {{ 'or ' if not loop.first }}rows_of_keys.{{ column }} is null
    {%- endfor %}
{%- endmacro -%}
