{#- Make the table of record_built_model() before the first model is built. -#}
{%- macro make_built_models() -%}
    {%- if execute and flags.WHICH in ['build', 'run'] %}
        create schema if not exists operations;
        create table if not exists operations.built_models (
            unique_id varchar primary key,
            definition varchar
        );
    {%- endif -%}
{%- endmacro -%}
