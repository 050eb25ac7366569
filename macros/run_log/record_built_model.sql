{#- Post-hook of every model: keep what an incremental model was built from, in the transaction that it is
    built in, for should_full_refresh(). A table forgets what it was when it was incremental. -#}
{%- macro record_built_model() -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- if model.config.materialized == 'incremental' %}
        insert or replace into operations.built_models
        values ('{{ model.unique_id }}', '{{ feature_store.model_definition() }}');
        {%- elif model.config.materialized == 'table' %}
        delete from operations.built_models where unique_id = '{{ model.unique_id }}';
        {%- endif %}
    {%- endif -%}
{%- endmacro -%}
