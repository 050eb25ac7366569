{#- Pre-hook of an incremental model of which groups of rows are decided together: find the groups whose
    received rows are not those that the table was made from, new, changed or removed, whenever they were
    loaded; delete what was made of them, and keep their received rows for changed_groups().

    received: relation of all that the model is made from. The table keeps its columns, by name and type.
    group: list of the columns that make a group; a null is a group too.
    computed: list of columns of `received` that follow from its other ones, which need no comparison.
    parts: list of columns with few values, such as loaded_at. Where they say, comparing by part first is
        faster, because most parts stay as they were; the result is the same. -#}
{%- macro delete_changed_groups(received, group, computed=[], parts=[]) -%}
    {%- if not execute -%}{{- return('') -}}{%- endif -%}
    {%- set columns = feature_store._compared_group_columns(received, group, computed, parts) -%}
    {%- if not is_incremental() -%}{{- return('') -}}{%- endif -%}
    {%- set keys = feature_store._quoted_names(group) -%}
    {%- set rows = feature_store.changed_groups(received) %}
create or replace temp table changed_groups__keys as
{{ feature_store._changed_groups_sql(
    received, this, keys, columns, feature_store._quoted_names(parts)
) }};
delete from {{ this }} as built
using temp.changed_groups__keys as changed
where
    {%- for key in keys %}
    {{ 'and ' if not loop.first }}built.{{ key }} is not distinct from changed.{{ key }}
    {%- endfor %};
create or replace temp table {{ rows }} as
{{ feature_store._rows_of_keys_sql(received, 'temp.changed_groups__keys', keys) }};
{%- endmacro -%}
