{#- A column's name without the quotes of SQL. -#}
{%- macro _unquoted(name) -%}
    {%- if name | length > 2 and name[0] == '"' and name[-1] == '"' -%}
        {{- return(name[1:-1] | replace('""', '"')) -}}
    {%- endif -%}
    {{- return(name) -}}
{%- endmacro -%}
