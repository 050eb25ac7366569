{#- dbt's is_incremental() is true for its own materialization only. -#}
{%- macro is_increment() -%}
    {#- there is no `this` in a unit test -#}
    {%- if not execute or not this or not feature_store._is_built_incrementally() -%}
        {{- return(false) -}}
    {%- endif -%}
    {%- set relation = load_cached_relation(this) -%}
    {{- return(
        relation is not none and relation.type == 'table'
        and not feature_store._should_full_refresh()
    ) -}}
{%- endmacro -%}
