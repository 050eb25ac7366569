{#- Snapshots of online views beyond the one that each feature view's version may have: the
    export could not say which of them is served. -#}
{%- macro _duplicate_snapshot_errors() -%}
    {%- set snapshots, errors = {}, [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'snapshot' and node.depends_on.nodes -%}
        {%- set parents = feature_store._online_parents(graph.nodes.get(node.depends_on.nodes[0])) -%}
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
