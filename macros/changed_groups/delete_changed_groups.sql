{%- macro delete_changed_groups(received, group, computed=[], parts=[]) -%}
    {%- if not execute -%}{{- return('') -}}{%- endif -%}
    {%- set columns = feature_store._compared_group_columns(received, group, computed, parts) -%}
    {%- if not feature_store.is_increment() -%}{{- return('') -}}{%- endif -%}
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
