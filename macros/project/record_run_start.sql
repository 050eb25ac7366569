{#- Note in the warehouse that a run which changes or tests it has begun. A run that is killed leaves the
    note without an end, and nothing is exported until a later run completes. -#}
{%- macro record_run_start() -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'test', 'seed', 'snapshot'] %}
        create schema if not exists operations;
        create table if not exists operations.dbt_runs (
            invocation_id varchar,
            command varchar,
            started_at timestamp,
            is_complete boolean
        );
        create table if not exists operations.dbt_results (
            unique_id varchar primary key,
            status varchar,
            message varchar,
            invocation_id varchar,
            started_at timestamp
        );
        delete from operations.dbt_runs where is_complete;
        insert into operations.dbt_runs values (
            '{{ invocation_id }}',
            '{{ flags.WHICH }}',
            '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}',
            false
        );
    {%- endif -%}
{%- endmacro -%}
