{#- The parents of an online view: `features`, the node of its feature table, and `events`, the
    relation whose event times determine the time of the run. none if the node is not an online
    view; `events` is none if there is not exactly one such relation that can be queried. -#}
{%- macro _online_parents(node) -%}
    {%- if not node or not (node.config.meta or {}).get('feature_view') -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set found = {'features': none, 'events': none} -%}
    {%- set others = [] -%}
    {%- for unique_id in node.depends_on.nodes -%}
        {%- set parent = graph.nodes.get(unique_id) or graph.sources.get(unique_id) -%}
        {%- if (parent.config.meta or {}).get('feature_view') -%}
            {%- do found.update({'features': parent}) -%}
        {%- else -%}
            {%- do others.append(parent.relation_name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not found.features -%}{{- return(none) -}}{%- endif -%}
    {%- if others | length == 1 -%}{%- do found.update({'events': others[0]}) -%}{%- endif -%}
    {{- return(found) -}}
{%- endmacro -%}
