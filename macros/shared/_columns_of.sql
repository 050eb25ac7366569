{#- The columns of a query, name in lower case to type. DuckDB reads only the catalogue for it. -#}
{%- macro _columns_of(sql) -%}
    {%- set columns = {} -%}
    {%- for row in run_query('describe ' ~ sql).rows -%}
        {%- do columns.update({row[0] | lower: row[1]}) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{%- endmacro -%}
