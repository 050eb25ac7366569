{#- Run dbt's incremental materialization with hooks of this package, and with this package's rule of
    when to build in full. Names are put into dbt's context for the model being built: macros of dbt
    that this call reaches use them, and no other model does.

    before: hooks before those of the model, in the transaction of the build.
    after: hooks before the last ones of the model. -#}
{%- macro _build_incrementally(before=[], after=[]) -%}
    {%- for hook in before + after -%}{%- do hook.update({'transaction': true}) -%}{%- endfor -%}
    {%- do context.update({
        'should_full_refresh': feature_store._should_full_refresh,
        'pre_hooks': before + pre_hooks,
        'post_hooks': after + post_hooks,
    }) -%}
    {{- return(materialization_incremental_duckdb()) -}}
{%- endmacro -%}
