{#- The tables beside an incremental feature view: what its events were when it was built, and,
    while it is being built, the entities whose events have changed since. -#}
{%- macro _incremental_tables(node) -%}
    {%- set identifier = node.alias or node.name -%}
    {{- return({
        'schema': 'operations',
        'seen': 'events_of_' ~ identifier,
        'seen_in_schema': 'operations."events_of_' ~ identifier ~ '"',
        'changed': '"changed_' ~ identifier ~ '"',
    }) -}}
{%- endmacro -%}
