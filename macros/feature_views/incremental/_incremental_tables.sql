{#- The names of the tables beside an incremental feature view: `seen`, the events that it was built
    from, by entity, and `changed`, during a build, the entities whose events changed since. -#}
{%- macro _incremental_tables(node) -%}
    {%- set identifier = node.alias or node.name -%}
    {{- return({
        'schema': var('feature_store_operations_schema', 'operations'),
        'seen': 'events_of_' ~ identifier,
        'seen_in_schema': feature_store._operations('events_of_' ~ identifier),
        'changed': '"changed_' ~ identifier ~ '"',
    }) -}}
{%- endmacro -%}
