{#- The errors of feature view versions with more than one snapshot of their online view: the export
    could not tell which of them is served. -#}
{%- macro _duplicate_snapshot_errors() -%}
    {%- set snapshots, errors = {}, [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'snapshot' and node.depends_on.nodes -%}
        {%- set online_view = graph.nodes.get(node.depends_on.nodes[0]) -%}
        {%- set parents = feature_store._online_parents(online_view) -%}
        {%- if parents -%}
            {%- set places = snapshots.setdefault(parents.features.unique_id, []) -%}
            {%- do places.append(node.name ~ ' (' ~ node.original_file_path ~ ')') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for unique_id, places in snapshots.items() if places | length > 1 -%}
        {%- set view = graph.nodes[unique_id] -%}
        {%- do errors.append(
            view.name ~ ':v' ~ feature_store._version_of(view) ~ ' has ' ~ places | length
            ~ ' snapshots of its online view: ' ~ places | sort | join(', ')
            ~ '. Allowed: one, whose rows are exported. Next: remove or disable the others'
        ) -%}
    {%- endfor -%}
    {{- return(errors) -}}
{%- endmacro -%}
