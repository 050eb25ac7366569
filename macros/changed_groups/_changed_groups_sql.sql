{#- The query of the groups of rows that are not the same in what was received and in what was built.

    With parts, the few parts that differ are found first, and groups are looked for in their rows alone. A
    group that differs has a row that differs, and so has that row's part: none is missed.

    received, built: relations with the same columns.
    group: list of the columns that make a group, quoted.
    columns: list of the columns that make a row, quoted.
    parts: list of the columns that make a part, quoted; empty: no parts. -#}
{%- macro _changed_groups_sql(received, built, group, columns, parts=[]) -%}
with

{% if parts -%}
changed_parts as materialized (

    {{ feature_store._differing_keys_sql(received, built, parts, columns) | indent(4) }}

),

{% endif -%}
changed_groups as (

    {{ feature_store._differing_keys_sql(
        received, built, group, columns, 'changed_parts' if parts else none, parts
    ) | indent(4) }}

)

select * from changed_groups
{%- endmacro -%}
