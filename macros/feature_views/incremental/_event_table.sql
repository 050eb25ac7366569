{#- The relation of the events that a feature view is made from: what its model refers to. -#}
{%- macro _event_table(node) -%}
    {%- if node.refs | length == 1 and not node.sources -%}
        {%- set events = node.refs[0] -%}
        {%- set name = [events.package, events.name] if events.package else [events.name] -%}
        {{- return(ref(*name, v=events.get('version'))) -}}
    {%- elif not node.refs and node.sources | length == 1 -%}
        {{- return(source(*node.sources[0])) -}}
    {%- endif -%}
    {%- do exceptions.raise_compiler_error(
        node.name ~ ': an incremental feature view is made from one event table; got '
        ~ (node.refs | length + node.sources | length) ~ ' refs and sources. '
        ~ 'Next: join them in a model of their own, or materialize the view as a table'
    ) -%}
{%- endmacro -%}
