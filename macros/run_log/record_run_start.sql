{%- macro record_run_start() -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'test', 'seed', 'snapshot'] %}
        {%- set used = graph.sources.values() | list + graph.nodes.values() | list -%}
        {%- for schema in used | map(attribute='schema') | unique if schema -%}
            {%- do feature_store._check_warehouse_name(schema) -%}
        {%- endfor %}
        create schema if not exists {{ feature_store._operations() }};
        {{- feature_store._create_build_tables() }}
        create table if not exists {{ feature_store._operations('dbt_results') }} (
            unique_id varchar primary key,
            status varchar,
            message varchar,
            invocation_id varchar,
            started_at timestamp
        );
        {%- set nodes = [] -%}
        {%- for unique_id in selected_resources | sort -%}
            {%- set config = graph.nodes.get(unique_id, {}).get('config', {}) -%}
            {%- set is_ephemeral = config.get('materialized') == 'ephemeral' -%}
            {%- if unique_id.split('.')[0] in ['model', 'seed', 'snapshot', 'test', 'unit_test']
                and not is_ephemeral -%}
                {%- do nodes.append(unique_id) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if nodes %}
        insert or replace into {{ feature_store._operations('dbt_results') }} values
            {%- for unique_id in nodes %}
            (
                '{{ unique_id }}',
                'started',
                'dbt {{ flags.WHICH }}',
                '{{ invocation_id }}',
                '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}'
            ){{ ',' if not loop.last }}
            {%- endfor %};
        {%- endif %}
    {%- endif -%}
{%- endmacro -%}
