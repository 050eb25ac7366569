{#- A feature view: dbt's incremental materialization for DuckDB, with the rules and hooks of this
    package. It is built in full if its definition changed, and always if its SQL makes all rows. -#}
{%- materialization feature_view, adapter='duckdb', supported_languages=['sql', 'python'] -%}
    {%- set before, after = [], [{'sql': '{{ feature_store.record_built_model() }}'}] -%}
    {%- if not feature_store._has_feature_view_hooks() -%}
        {%- set before = [
            {'sql': '{{ feature_store.check_schema_change() }}'},
            {'sql': '{{ feature_store.find_changed_entities() }}'},
        ] -%}
        {%- do after.append({'sql': '{{ feature_store.finish_feature_view() }}'}) -%}
    {%- endif -%}
    {{- return(feature_store._build_incrementally(before, after)) -}}
{%- endmaterialization -%}
