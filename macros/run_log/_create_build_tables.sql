{#- Make the tables of record_built_model() and finish_feature_view(). -#}
{%- macro _create_build_tables() -%}
    {%- if flags.WHICH in ['build', 'run'] %}
        create table if not exists operations.built_models (
            unique_id varchar primary key,
            definition varchar
        );
        create table if not exists operations.event_counts (
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
    {%- endif -%}
{%- endmacro -%}
