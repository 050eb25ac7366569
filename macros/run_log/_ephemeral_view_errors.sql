{#- Feature views that are in no warehouse: no hook would check their rows. -#}
{%- macro _ephemeral_view_errors() -%}
    {%- set errors = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model'
        and node.config.materialized == 'ephemeral' and 'feature_view' in (node.config.meta or {}) -%}
        {%- do errors.append(
            node.name ~ ' (' ~ node.original_file_path ~ ') is ephemeral: its rows would be checked by nothing. '
            ~ 'Allowed: materialized as table, incremental or view'
        ) -%}
    {%- endfor -%}
    {{- return(errors) -}}
{%- endmacro -%}
