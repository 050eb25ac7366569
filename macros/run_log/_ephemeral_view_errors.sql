{#- The errors of feature views that are ephemeral, so that no hook could check their rows. -#}
{%- macro _ephemeral_view_errors() -%}
    {%- set errors = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model'
        and node.config.materialized == 'ephemeral'
        and 'feature_view' in (node.config.meta or {}) -%}
        {%- do errors.append(
            node.name ~ ' (' ~ node.original_file_path ~ ') is ephemeral: its rows would not be '
            ~ 'checked. Allowed: feature_view, table or view. Next: set materialized in its config'
        ) -%}
    {%- endfor -%}
    {{- return(errors) -}}
{%- endmacro -%}
