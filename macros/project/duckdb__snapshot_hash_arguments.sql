{#- The id of a snapshot's row, dbt_scd_id, of its key and the time from which it holds: dbt ends rows by it.

    dbt's own macro joins the parts of a key with `|`, whatever is in them, so that a change of (x|y, z) would end
    the row of (x, y|z), too. dbt finds this one in its place. The k keeps it apart from ids that dbt's own has made
    before, of another text.

    args: list of expressions. -#}
{%- macro duckdb__snapshot_hash_arguments(args) -%}
'k' || md5({{ feature_store._joined_values(args) }})
{%- endmacro -%}
