{#- The model being built as a full build makes it, also where it is built incrementally: `sql`, and
    `columns`, name to type. Without columns where SQL alone does not say them: in Python models, and
    where ephemeral models are put in front of it.

    The model's code is rendered again, with a mark in dbt's context: as long as it is there,
    should_full_refresh() is true, and so every is_incremental() false, however deep in macros. -#}
{%- macro _rendered_full_build() -%}
    {%- if '_cached_full_build' not in context -%}
        {%- set full = {'sql': model.raw_code, 'columns': {}} -%}
        {%- if model.language == 'sql' -%}
            {%- do context.update({'_renders_full_build': true}) -%}
            {%- do full.update({'sql': render(model.raw_code) | trim}) -%}
            {%- do context.update({'_renders_full_build': false}) -%}
            {%- if '__dbt__cte__' not in full.sql -%}
                {%- do full.update({'columns': feature_store._columns_of(full.sql)}) -%}
            {%- endif -%}
        {%- endif -%}
        {%- do context.update({'_cached_full_build': full}) -%}
    {%- endif -%}
    {{- return(context['_cached_full_build']) -}}
{%- endmacro -%}
