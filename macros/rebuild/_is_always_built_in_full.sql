{#- Returns true if the incremental model being built is a feature view that has to be built
    whole, such as one that is written by hand and is incremental only because dbt_project.yml
    says so: its SQL is the same in a full and in an incremental run, and it has no unique_key,
    by which dbt would replace rows, and no microbatches.

    The model's code is rendered again, with a mark in dbt's context: as long as it is there,
    should_full_refresh() is false. -#}
{%- macro _is_always_built_in_full() -%}
    {%- if '_cached_is_always_whole' not in context -%}
        {%- set is_view = (model.config.get('meta') or {}).get('feature_view')
            or feature_store._has_feature_view_hooks() -%}
        {%- set is_whole = is_view
            and not config.get('unique_key') and config.get('incremental_strategy') != 'microbatch' -%}
        {%- if is_whole and model.language != 'sql' -%}
            {%- set is_whole = 'is_incremental' not in model.raw_code -%}
        {%- elif is_whole -%}
            {%- set full = feature_store._rendered_full_build().sql -%}
            {%- if feature_store._is_incremental_view() and feature_store._is_windowed(full) -%}
                {%- set is_whole = false -%}
            {%- else -%}
                {%- do context.update({'_renders_increment': true}) -%}
                {%- set is_whole = render(model.raw_code) | trim == full -%}
                {%- do context.update({'_renders_increment': false}) -%}
            {%- endif -%}
        {%- endif -%}
        {%- do context.update({'_cached_is_always_whole': is_whole}) -%}
    {%- endif -%}
    {{- return(context['_cached_is_always_whole']) -}}
{%- endmacro -%}
