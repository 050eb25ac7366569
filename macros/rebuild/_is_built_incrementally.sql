{#- Whether the model being built has a materialization of this package. -#}
{%- macro _is_built_incrementally() -%}
    {{- return(
        model.resource_type == 'model'
        and model.config.materialized in ['feature_view', 'changed_groups']
    ) -}}
{%- endmacro -%}
