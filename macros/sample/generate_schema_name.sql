{%- macro generate_schema_name(custom_schema_name, node) -%}
    {%- set schema = (custom_schema_name or target.schema) | trim -%}
    {%- do feature_store._check_warehouse_name(schema) -%}
    {{- schema -}}
{%- endmacro -%}
