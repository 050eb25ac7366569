{#- Make the tables of record_built_model() and finish_feature_view(). A table that is built by another
    materialization now must not be taken for one of ours later, so its record is deleted. -#}
{%- macro _create_build_tables() -%}
    {%- if flags.WHICH in ['build', 'run'] %}
        create table if not exists {{ feature_store._operations('built_models') }} (
            unique_id varchar primary key,
            definition varchar
        );
        create table if not exists {{ feature_store._operations('event_counts') }} (
            unique_id varchar primary key,
            feature_view varchar,
            events bigint,
            unused bigint,
            without_entity bigint,
            without_event_time bigint,
            after_load bigint,
            latest_after_load timestamp,
            invocation_id varchar
        );
        {%- for node in graph.nodes.values() if node.resource_type == 'model'
            and node.config.materialized not in ['feature_view', 'changed_groups'] %}
            {%- if loop.first %}
        delete from {{ feature_store._operations('built_models') }} where unique_id in (
            {%- endif %}
            '{{ node.unique_id }}'{{ ',' if not loop.last }}
            {%- if loop.last %}
        );
            {%- endif %}
        {%- endfor %}
    {%- endif -%}
{%- endmacro -%}
