{#- The version of a model, 1 if it has none. -#}
{%- macro _version_of(node) -%}
    {{- return(1 if node.version is not defined or node.version is none else node.version) -}}
{%- endmacro -%}
