{#- A query of the groups whose received rows and built rows differ.

    With parts, the parts that differ are found first, and groups are compared in their rows only.
    A group that differs has a row that differs, and the part of that row differs too: no group is
    missed.

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
