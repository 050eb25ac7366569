{#- A table that changed_groups() and delete_changed_groups() keep up to date: dbt's incremental
    materialization for DuckDB, but built in full if the table's definition changed. -#}
{%- materialization changed_groups, adapter='duckdb', supported_languages=['sql', 'python'] -%}
    {{- return(feature_store._build_incrementally(
        after=[{'sql': '{{ feature_store.record_built_model() }}'}]
    )) -}}
{%- endmaterialization -%}
