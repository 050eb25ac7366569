{#- The declaration of the model being built: `config.meta.feature_view`, or an empty mapping.

    The only macro that reads it. It takes no argument and is called in the model's own file, so that
    a native dbt unit test can override it: while parsing, and in unit tests, `model.config.meta` is
    empty. -#}
{%- macro feature_view() -%}
    {{- return((model.config.get('meta') or {}).get('feature_view') or {}) -}}
{%- endmacro -%}
