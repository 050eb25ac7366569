{#- SQL that gives current rows ids of their own where dbt's own ids are not
    unique. Ids that are unique stay as they are: dbt compares an id only with itself. -#}
{%- macro _repair_snapshot_ids() -%}
    {%- set keys = config.get('unique_key') -%}
    {%- if not execute or keys is string or not keys or not load_relation(this) -%}
        {{- return('') -}}
    {%- endif -%}
    {%- set names = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
    {%- set current -%}
        {{ names.dbt_valid_to }} is not distinct from {{ config.get('dbt_valid_to_current') or 'null' }}
    {%- endset %}
update {{ this }}
set {{ names.dbt_scd_id }} = {{ feature_store._snapshot_id(keys + [names.dbt_updated_at]) }}
where
    {{ current }}
    and {{ names.dbt_scd_id }} in (
        select {{ names.dbt_scd_id }}
        from {{ this }}
        where {{ current }}
        group by {{ names.dbt_scd_id }}
        having count(*) > 1
    )
{%- endmacro -%}
