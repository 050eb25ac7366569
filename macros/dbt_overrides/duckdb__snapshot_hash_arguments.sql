{#- The `k` keeps these ids apart from those that dbt's own macro made. -#}
{%- macro duckdb__snapshot_hash_arguments(args) -%}
'k' || md5({{ feature_store._composite_key_text(args) }})
{%- endmacro -%}
