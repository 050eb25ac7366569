{#- Returns true if a name is a column, a field of one, or a value of SQL's own such as current_date.

    path: the name, as a list of its parts between the dots. -#}
{%- macro _is_known_name(path, scope, known) -%}
    {%- set names = known | map('lower') | list -%}
    {%- set first = path[0] | lower -%}
    {{- return(
        first in names
        or (first == scope and path | length > 1 and path[1] | lower in names)
        or modules.re.fullmatch('user|(current|session|local)_?[a-z]+', first) is not none
    ) -}}
{%- endmacro -%}
