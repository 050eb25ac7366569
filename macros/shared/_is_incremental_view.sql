{#- Returns true if a run builds only those rows of a windowed feature view whose events changed.
    That needs a file without other SQL beside the call. -#}
{%- macro _is_incremental_view() -%}
    {%- set declaration = (model.config.get('meta') or {}).get('feature_view') or {} -%}
    {{- return(
        model.config.materialized == 'feature_view' and 'aggregates' in declaration
        and feature_store._is_one_call()
    ) -}}
{%- endmacro -%}

{#- Returns true if the model being built has the hooks of feature views by its config, which a
    project may give to views of any materialization. -#}
{%- macro _has_feature_view_hooks() -%}
    {{- return('find_changed_entities' in (model.config.get('pre-hook') or []) | string) -}}
{%- endmacro -%}
