{#- Whether the model being built is built in full: where dbt says so, if its definition changed, and
    if its SQL always makes all rows. -#}
{%- macro _should_full_refresh() -%}
    {%- if context.get('_renders_full_build') -%}{{- return(true) -}}{%- endif -%}
    {%- if context.get('_renders_increment') -%}{{- return(false) -}}{%- endif -%}
    {%- set by_dbt = dbt.should_full_refresh() -%}
    {%- if by_dbt or config.get('full_refresh') is not none
        or not feature_store._is_built_incrementally() -%}
        {{- return(by_dbt) -}}
    {%- endif -%}
    {%- if flags.WHICH not in ['build', 'run'] -%}{{- return(true) -}}{%- endif -%}
    {%- if feature_store._has_no_increment() -%}{{- return(true) -}}{%- endif -%}
    {%- if '_cached_is_changed' not in context -%}
        {%- set built = run_query(
            "select definition from " ~ feature_store._operations('built_models') ~ " "
            ~ "where unique_id = '" ~ model.unique_id ~ "'"
        ).rows -%}
        {%- set is_changed = not built or built[0][0] != feature_store.model_definition() -%}
        {%- do context.update({'_cached_is_changed': is_changed}) -%}
        {#- Logged once, by the materialization; while compiling there is no `sql` yet. -#}
        {%- if is_changed and context.get('sql') and load_cached_relation(this) -%}
            {%- do log(
                model.name ~ ': built in full, because its definition '
                ~ ('changed' if built else 'is not known'), info=true
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {{- return(context['_cached_is_changed']) -}}
{%- endmacro -%}
