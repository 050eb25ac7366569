{#- The column from which known_at is made, quoted: the declared `loaded_at`, else the events' column
    loaded_at, else their event time: without load times an event counts as known when it happened.

    In a unit test the columns of the events cannot be read, and a declared name decides.

    events: relation of the events, as a relation or a text.
    declaration: the feature view. -#}
{%- macro _load_time(events, declaration) -%}
    {%- if declaration.get('loaded_at') -%}
        {{- return(feature_store._quoted(declaration.loaded_at)) -}}
    {%- endif -%}
    {%- if execute and this and events is not string and '__dbt__cte__' not in events.identifier -%}
        {%- set names = feature_store._column_names(events) | map('lower') | list -%}
        {%- if names and 'loaded_at' not in names -%}
            {{- return(feature_store._quoted(declaration.event_time)) -}}
        {%- endif -%}
    {%- endif -%}
    {{- return('loaded_at') -}}
{%- endmacro -%}
