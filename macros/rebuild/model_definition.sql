{#- The result is the same in full and incremental runs, while compiling and in hooks. -#}
{%- macro model_definition() -%}
    {%- if '_cached_definition' not in context -%}
        {%- set definition = [
            feature_store._rendered_full_build(), feature_store._upstream_sql(model)
        ] -%}
        {%- do context.update({
            '_cached_definition': local_md5(tojson(definition, sort_keys=true))
        }) -%}
    {%- endif -%}
    {{- return(context['_cached_definition']) -}}
{%- endmacro -%}
