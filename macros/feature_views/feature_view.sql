{#- Called in the model's own file, without arguments, so that a dbt unit test can override it. -#}
{%- macro feature_view() -%}
    {{- return((model.config.get('meta') or {}).get('feature_view') or {}) -}}
{%- endmacro -%}
