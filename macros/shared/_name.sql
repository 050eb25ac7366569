{#- A column's name as an identifier behind that of a table, where keywords need no quotes. -#}
{%- macro _name(name) -%}
    {%- set plain = feature_store._plain_name(name) -%}
    {%- if modules.re.fullmatch('[A-Za-z_][A-Za-z0-9_]*', plain) -%}{{- return(plain) -}}{%- endif -%}
    {{- return(feature_store._quoted(plain)) -}}
{%- endmacro -%}

{#- A column's name without the quotes of SQL. -#}
{%- macro _plain_name(name) -%}
    {%- if name | length > 2 and name[0] == '"' and name[-1] == '"' -%}
        {{- return(name[1:-1] | replace('""', '"')) -}}
    {%- endif -%}
    {{- return(name) -}}
{%- endmacro -%}
