{#- A column's name as a quoted SQL identifier; one that is quoted already stays as it is. -#}
{%- macro _name(name) -%}
    {{- return(feature_store._quoted(feature_store._plain_name(name))) -}}
{%- endmacro -%}

{#- A column's name without the quotes of SQL. -#}
{%- macro _plain_name(name) -%}
    {%- if name | length > 2 and name[0] == '"' and name[-1] == '"' -%}
        {{- return(name[1:-1] | replace('""', '"')) -}}
    {%- endif -%}
    {{- return(name) -}}
{%- endmacro -%}
