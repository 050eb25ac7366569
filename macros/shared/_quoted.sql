{#- A column's name as a quoted SQL identifier. -#}
{%- macro _quoted(name) -%}
    {{- return('"' ~ name | replace('"', '""') ~ '"') -}}
{%- endmacro -%}
