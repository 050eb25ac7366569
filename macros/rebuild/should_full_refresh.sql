{#- Returns true if a model is built in full, in place of dbt's own macro: where dbt decides so,
    and where the definition of an incremental model has changed, so that no rows of another
    definition stay.

    A feature view that is written by hand and has no incremental part of its own is always
    built in full: it would be appended to itself otherwise.

    `full_refresh` in the model's config stands above that. Outside of runs the answer is yes:
    what `dbt show`, `dbt compile` and the docs take is SQL that needs no hook before it. -#}
{%- macro should_full_refresh() -%}
    {%- if context.get('_renders_full_build') -%}{{- return(true) -}}{%- endif -%}
    {%- if context.get('_renders_increment') -%}{{- return(false) -}}{%- endif -%}
    {%- set asked = dbt.should_full_refresh() -%}
    {%- if asked or config.get('full_refresh') is not none
        or model.resource_type != 'model' or model.config.materialized != 'incremental' -%}
        {{- return(asked) -}}
    {%- endif -%}
    {%- if flags.WHICH not in ['build', 'run'] -%}{{- return(true) -}}{%- endif -%}
    {%- if feature_store._is_always_whole() -%}{{- return(true) -}}{%- endif -%}
    {%- if '_kept_is_changed' not in context -%}
        {%- set built = run_query(
            "select definition from operations.built_models where unique_id = '" ~ model.unique_id ~ "'"
        ).rows -%}
        {%- set is_changed = not built or built[0][0] != feature_store.model_definition() -%}
        {%- do context.update({'_kept_is_changed': is_changed}) -%}
        {#- Said once, by the materialization; while compiling there is no `sql` yet. -#}
        {%- if is_changed and context.get('sql') and load_cached_relation(this) -%}
            {%- do log(
                model.name ~ ': built in full, because its definition '
                ~ ('changed' if built else 'is not known'), info=true
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {{- return(context['_kept_is_changed']) -}}
{%- endmacro -%}
