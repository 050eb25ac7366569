{#- The node that the running test is of. There, a test's own `model` is a relation. -#}
{%- macro _tested_node() -%}
    {{- return(graph.nodes.get(model.attached_node) or graph.nodes[model.depends_on.nodes[0]]) -}}
{%- endmacro -%}
