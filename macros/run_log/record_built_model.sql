{%- macro record_built_model() -%}
    {%- if execute and flags.WHICH in ['build', 'run']
        and feature_store._is_built_incrementally() -%}
        insert or replace into {{ feature_store._operations('built_models') }}
        values ('{{ model.unique_id }}', '{{ feature_store.model_definition() }}');
    {%- endif -%}
{%- endmacro -%}
