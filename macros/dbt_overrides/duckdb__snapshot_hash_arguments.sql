{#- The id of a snapshot's row, dbt_scd_id, by which dbt ends rows: a hash of its key and of the
    time from which it holds.

    dbt's own macro, which this one replaces, joins the parts of a key with `|` without escaping
    it, so that a change of (x|y, z) would end the row of (x, y|z), too. The k in front keeps
    the ids apart from those that dbt's own macro made.

    args: list of expressions. -#}
{%- macro duckdb__snapshot_hash_arguments(args) -%}
'k' || md5({{ feature_store._joined_values(args) }})
{%- endmacro -%}
