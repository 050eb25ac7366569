{#- A node's label in an error: feature view purchases v1 (models/features/purchases.yml). -#}
{%- macro _node_label(node) -%}
    {%- set kind = 'feature view' if node.resource_type == 'model' else node.resource_type -%}
    {%- set file = (node.patch_path or node.original_file_path or '').split('://')[-1] -%}
    {{- return(
        kind ~ ' ' ~ node.name ~ (' v' ~ node.version if node.version else '') ~ ' (' ~ file ~ ')'
    ) -}}
{%- endmacro -%}
