{#- A query of a relation's rows that have certain keys. A null is a key too.

    Keys without nulls, which are most of them, are matched by equality: DuckDB then skips blocks
    without these keys, and computes no column of a view for other rows.

    relation: the rows.
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
