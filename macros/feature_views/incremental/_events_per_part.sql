{#- The number of events that the entities of one part of a build may have together. The events of
    one entity are never divided. -#}
{%- macro _events_per_part() -%}
    {%- set events = var('events_at_once', 1000000) -%}
    {%- if events is not integer or events is boolean or events < 1 -%}
        {%- do exceptions.raise_compiler_error(
            'var events_at_once: a whole number above 0 is allowed; got ' ~ events
            ~ '. Next: correct it in dbt_project.yml or --vars'
        ) -%}
    {%- endif -%}
    {{- return(events) -}}
{%- endmacro -%}

{#- The number of events above which an entity makes a part of its own, which is not the first. -#}
{%- macro _large_entity() -%}
    {{- return(4 * feature_store._events_per_part()) -}}
{%- endmacro -%}
