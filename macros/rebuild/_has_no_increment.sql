{#- Returns true if the incremental model being built is a feature view that must always be built in
    full, such as one that is written by hand:
    its SQL is the same in full and incremental runs, and it has neither a unique_key, by which dbt
    would replace rows, nor microbatches.

    The model's code is rendered again, with a flag in dbt's context: while it is set,
    _should_full_refresh() is false. -#}
{%- macro _has_no_increment() -%}
    {%- if '_cached_is_always_full' not in context -%}
        {%- set is_view = (model.config.get('meta') or {}).get('feature_view')
            or feature_store._has_feature_view_hooks() -%}
        {%- set is_full = is_view and not config.get('unique_key')
            and config.get('incremental_strategy') != 'microbatch' -%}
        {%- if is_full and model.language != 'sql' -%}
            {%- set is_full = 'is_increment' not in model.raw_code -%}
        {%- elif is_full -%}
            {%- set full = feature_store._rendered_full_build().sql -%}
            {%- if feature_store._is_incremental_view() and feature_store._is_windowed(full) -%}
                {%- set is_full = false -%}
            {%- else -%}
                {%- do context.update({'_renders_increment': true}) -%}
                {%- set is_full = render(model.raw_code) | trim == full -%}
                {%- do context.update({'_renders_increment': false}) -%}
            {%- endif -%}
        {%- endif -%}
        {%- do context.update({'_cached_is_always_full': is_full}) -%}
    {%- endif -%}
    {{- return(context['_cached_is_always_full']) -}}
{%- endmacro -%}
