{#- A table of the schema in which the package records its runs, quoted, or the schema itself. -#}
{%- macro _operations(table=none) -%}
    {%- set schema = feature_store._quoted(var('feature_store_operations_schema', 'operations')) -%}
    {{- return(schema ~ '.' ~ feature_store._quoted(table) if table else schema) -}}
{%- endmacro -%}
