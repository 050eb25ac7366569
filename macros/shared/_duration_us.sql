{#- Microseconds of a duration such as 90s, 5m, 1h, 7d or 2w, or none if the text is not one. -#}
{%- macro _duration_us(text) -%}
    {%- set seconds = {'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 604800} -%}
    {%- set found = modules.re.fullmatch('([1-9][0-9]*)([smhdw])', text | string) -%}
    {%- if not found -%}{{- return(none) -}}{%- endif -%}
    {{- return((found.group(1) | int) * seconds[found.group(2)] * 1000000) -}}
{%- endmacro -%}
