{#- Where an event table lacks a column that every windowed feature view needs, told in a run, before DuckDB
    does, and in words.

    events: relation of the events.
    plan: of the declaration. -#}
{%- macro _event_column_faults(events, plan) -%}
    {#- there is no `this` in a unit test -#}
    {%- if not this or flags.WHICH not in ['build', 'run'] -%}{{- return([]) -}}{%- endif -%}
    {%- set found = adapter.get_columns_in_relation(events) | map(attribute='name') | list -%}
    {%- if not found -%}{{- return([]) -}}{%- endif -%}
    {%- set names, faults = found | map('lower') | list, [] -%}
    {%- for column in plan.entity + [plan.event_time] if column | lower not in names -%}
        {%- do faults.append(
            column ~ ': ' ~ events ~ ' has no such column; it has ' ~ found | join(', ')
            ~ '. Next: correct entity or event_time, or add the column there'
        ) -%}
    {%- endfor -%}
    {%- if 'loaded_at' not in names -%}
        {%- do faults.append(
            'loaded_at: ' ~ events ~ ' has no such column, from which known_at is made. Next: take _loaded_at '
            ~ 'of the raw table along as loaded_at'
        ) -%}
    {%- endif -%}
    {{- return(faults) -}}
{%- endmacro -%}
