{#- Say at the end of a run which columns failed a matches_declaration test, how often, and where. -#}
{%- macro _log_declaration_failures(results) -%}
    {%- for result in results if result.node.resource_type == 'test'
        and result.status in ['fail', 'warn'] and result.node.compiled_code
        and (result.node.test_metadata or {}).name == 'matches_declaration'
        and result.node.test_metadata.namespace == 'feature_store' -%}
        {%- set node = graph.nodes.get(result.node.attached_node) or result.node -%}
        {%- set lines = [] -%}
        {%- for row in run_query(result.node.compiled_code).rows -%}
            {%- do lines.append(
                '\n  - ' ~ row[0] ~ ': ' ~ row[1] ~ ': ' ~ row[2]
                ~ (' keys' if row[1] == 'unique' else ' rows') ~ ', such as ' ~ row[3]
            ) -%}
        {%- endfor -%}
        {%- do log(
            feature_store._node_label(node) ~ ' does not match its declaration:' ~ lines | join,
            info=true
        ) -%}
    {%- endfor -%}
{%- endmacro -%}
