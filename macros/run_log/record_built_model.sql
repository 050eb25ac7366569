{#- A table that was incremental once must not be taken for one later, so its record is deleted. -#}
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
