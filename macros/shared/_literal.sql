{#- A YAML scalar as a SQL literal. -#}
{%- macro _literal(value) -%}
    {%- if value is none -%}null
    {%- elif value is boolean -%}{{ 'true' if value else 'false' }}
    {%- elif value is number and value | string not in ['inf', '-inf', 'nan'] -%}{{ value }}
    {%- else -%}'{{ value | string | replace("'", "''") }}'
    {%- endif -%}
{%- endmacro -%}
