{#- The names of a relation's columns; of a source of files, the columns that they have. -#}
{%- macro _column_names(relation) -%}
    {%- if relation.external -%}
        {{- return(run_query('describe select * from ' ~ relation).columns[0].values() | list) -}}
    {%- endif -%}
    {{- return(adapter.get_columns_in_relation(relation) | map(attribute='name') | list) -}}
{%- endmacro -%}
