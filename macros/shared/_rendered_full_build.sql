{#- The model being built as in a full build, even if it is being built incrementally: its `sql` and
    its `columns`, name to type. There are no columns if the SQL alone does not determine them: in
    Python models, and if dbt puts ephemeral models in front of it.

    The model's code is rendered again, with a flag in dbt's context: while it is set,
    _should_full_refresh() is true, and so is_increment() is false in every macro. -#}
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
