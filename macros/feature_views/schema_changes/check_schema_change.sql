{%- macro check_schema_change() -%}
    {%- if not execute or flags.WHICH not in ['build', 'run'] -%}{{- return('') -}}{%- endif -%}
    {%- set columns = feature_store._rendered_full_build().columns -%}
    {%- set errors = [] -%}
    {%- if columns -%}
        {%- do errors.extend(feature_store._missing_feature_errors(columns)) -%}
    {%- endif -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'snapshot' -%}
        {%- set online_view = graph.nodes.get(node.depends_on.nodes[0]) -%}
        {%- set parents = feature_store._online_parents(online_view) -%}
        {%- if parents and parents.features.unique_id == model.unique_id -%}
            {%- set snapshot = adapter.get_relation(node.database, node.schema, node.alias) -%}
            {%- if snapshot -%}
                {%- set held = feature_store._columns_of('select * from ' ~ snapshot) -%}
                {%- do errors.extend(feature_store._type_change_errors(snapshot, held, columns)) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do feature_store._raise_errors(feature_store._node_label(model), errors) -%}
{%- endmacro -%}
