{#- A list of column names as quoted identifiers. -#}
{%- macro _quoted_names(names) -%}
    {%- set quoted = [] -%}
    {%- for name in names -%}{%- do quoted.append(feature_store._quoted(name)) -%}{%- endfor -%}
    {{- return(quoted) -}}
{%- endmacro -%}
