{#- The names, in lower case, and types of the columns that a query gives, name to type. Nothing is read
    for it but the catalogue. -#}
{%- macro _columns_of(sql) -%}
    {%- set columns = {} -%}
    {%- for row in run_query('describe ' ~ sql).rows -%}
        {%- do columns.update({row[0] | lower: row[1]}) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{%- endmacro -%}
