{#- SQL that ends the rows with a value in a column that the relation has no more. Without it, dbt would let
    them go on. Raises an error for columns whose type has changed. -#}
{%- macro _follow_schema_change() -%}
    {%- if not execute or not load_relation(this) -%}{{- return('') -}}{%- endif -%}
    {%- set wanted = feature_store._columns_of(model.compiled_code) -%}
    {%- set held = feature_store._columns_of('select * from ' ~ this) -%}
    {%- do feature_store._raise_errors(
        feature_store._node_label(model), feature_store._type_change_errors(this, held, wanted)
    ) -%}
    {%- set names = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
    {%- set own = names.values() | list -%}
    {%- set dropped = [] -%}
    {%- for column in held if column not in wanted and column not in own -%}
        {%- do dropped.append(adapter.quote(column) ~ ' is not null') -%}
    {%- endfor -%}
    {%- if dropped and config.get('check_cols') == 'all' and not config.get('updated_at') %}
update {{ this }}
set {{ names.dbt_valid_to }} = {{ snapshot_get_time() }}
where
    {{ names.dbt_valid_to }} is null
    and (
        {{ dropped | join('\n        or ') }}
    )
    {%- endif -%}
{%- endmacro -%}
