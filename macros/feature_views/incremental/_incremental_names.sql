{#- Returns true if, of a model that windowed_features() makes, only rows whose events changed
    are made anew. That needs the hooks, and a file without other SQL beside the call. -#}
{%- macro _is_incremental_view() -%}
    {%- set declaration = (model.config.get('meta') or {}).get('feature_view') or {} -%}
    {{- return(
        model.config.materialized == 'incremental' and 'aggregates' in declaration
        and feature_store._has_feature_view_hooks() and feature_store._is_one_call()
    ) -}}
{%- endmacro -%}

{#- Returns true if the model being built has the hooks that dbt_project.yml gives to feature
    views. -#}
{%- macro _has_feature_view_hooks() -%}
    {{- return('find_changed_entities' in (model.config.get('pre-hook') or []) | string) -}}
{%- endmacro -%}

{#- The tables beside an incremental feature view: what its events were when it was built, and,
    while it is being built, the entities whose events have changed since. -#}
{%- macro _incremental_names(node) -%}
    {%- set identifier = node.alias or node.name -%}
    {{- return({
        'schema': 'operations',
        'seen': 'events_of_' ~ identifier,
        'seen_in_schema': 'operations."events_of_' ~ identifier ~ '"',
        'changed': '"changed_' ~ identifier ~ '"',
    }) -}}
{%- endmacro -%}

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
        ~ (node.refs | length + node.sources | length)
        ~ ' refs and sources. Next: join them in a model of their own, or materialize the view as a table'
    ) -%}
{%- endmacro -%}
