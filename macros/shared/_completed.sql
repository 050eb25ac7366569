{#- A declaration with its defaults: `grain` is 1d; an aggregate that is a text is its SQL; what only
    describes a derived feature is left out. What is wrong stays as it is.

    declaration: as in `config.meta.feature_view`. -#}
{%- macro _completed(declaration) -%}
    {%- if declaration is not mapping or not declaration -%}{{- return(declaration) -}}{%- endif -%}
    {%- set completed = {'grain': '1d'} -%}
    {%- do completed.update(declaration) -%}
    {%- if declaration.get('aggregates') is mapping -%}
        {%- set aggregates = {} -%}
        {%- for name, aggregate in declaration.aggregates.items() -%}
            {%- do aggregates.update({
                name: {'sql': aggregate} if aggregate is string else aggregate
            }) -%}
        {%- endfor -%}
        {%- do completed.update({'aggregates': aggregates}) -%}
    {%- endif -%}
    {%- if declaration.get('derived') is mapping -%}
        {%- set derived = {} -%}
        {%- for name, feature in declaration.derived.items() -%}
            {%- do derived.update({name: feature.sql if feature is mapping else feature}) -%}
        {%- endfor -%}
        {%- do completed.update({'derived': derived}) -%}
    {%- endif -%}
    {{- return(completed) -}}
{%- endmacro -%}
