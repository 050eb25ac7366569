{#- The columns of the events that a declaration may depend on: those whose names occur in its SQL,
    whatever they mean there, and the load time, from which `known_at` is made; all columns if the
    SQL uses `columns(…)` or the whole row. One column too many only costs time. -#}
{%- macro _compared_columns(columns, declaration, loaded_at) -%}
    {%- set expressions = feature_store._quoted_names(declaration.entity + [declaration.event_time])
        + declaration.aggregates.values() | map(attribute='sql') | map('string') | list -%}
    {#- not tojson(), which escapes letters beyond a to z -#}
    {%- set text = expressions | join(' ') | lower -%}
    {%- set all = modules.re.search('\\b(columns|events)\\b', text) -%}
    {%- set compared = [] -%}
    {%- for column in columns -%}
        {%- set name = column | replace('"', '""') -%}
        {%- if all or '"' ~ name | lower ~ '"' == loaded_at | lower or name | lower == loaded_at | lower or name | lower in text -%}
            {%- do compared.append('"' ~ name ~ '"') -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(compared) -}}
{%- endmacro -%}
