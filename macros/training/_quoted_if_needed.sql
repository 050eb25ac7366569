{#- A column's name as an identifier behind that of a table, where keywords need no quotes. -#}
{%- macro _quoted_if_needed(name) -%}
    {%- set plain = feature_store._unquoted(name) -%}
    {%- if modules.re.fullmatch('[A-Za-z_][A-Za-z0-9_]*', plain) -%}{{- return(plain) -}}{%- endif -%}
    {{- return(feature_store._quoted(plain)) -}}
{%- endmacro -%}
