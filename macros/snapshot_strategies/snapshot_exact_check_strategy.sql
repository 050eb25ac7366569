{#- dbt's own ids join the values of several keys in a way that makes some of them equal: the names are
    put into dbt's context for the snapshot being taken. What changes its rows runs in its own
    transaction. -#}
{%- macro snapshot_exact_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) -%}
    {%- for sql in [
        feature_store._follow_schema_change(), feature_store._repair_snapshot_ids()
    ] if sql | trim -%}
        {%- call statement('before_snapshot', auto_begin=true) -%}{{ sql }}{%- endcall -%}
    {%- endfor -%}
    {%- do context.update({'snapshot_hash_arguments': feature_store._snapshot_id}) -%}
    {{- return(dbt.snapshot_check_strategy(
        node, snapshotted_rel, current_rel, model_config, target_exists
    )) -}}
{%- endmacro -%}

{#- SQL of the id of a snapshot's row. The `k` keeps it apart from those that dbt's own macro makes. -#}
{%- macro _snapshot_id(values) -%}
'k' || md5({{ feature_store._composite_key_text(values) }})
{%- endmacro -%}
