{#- The SQL between a node and the tables that it reads: the SQL of views, as in the warehouse, and the
    code of ephemeral models. The search goes up to the next tables.

    node: dbt's node, of which `depends_on` is read. -#}
{%- macro _upstream_sql(node) -%}
    {%- set views, codes = {}, {} -%}
    {%- set ids = node.depends_on.nodes | list -%}
    {#- The loop also visits what it appends to the list. -#}
    {%- for unique_id in ids -%}
        {%- set parent = graph.nodes.get(unique_id) or {} -%}
        {%- set materialized = (parent.get('config') or {}).get('materialized') -%}
        {%- if materialized in ['view', 'ephemeral'] -%}
            {%- if materialized == 'view' -%}
                {%- do views.update({parent.schema ~ '.' ~ (parent.alias or parent.name): true}) -%}
            {%- else -%}
                {%- do codes.update({unique_id: parent.raw_code}) -%}
            {%- endif -%}
            {%- for above in parent.depends_on.nodes if above not in ids -%}
                {%- do ids.append(above) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if views -%}
        {%- set names = views.keys() | map('replace', "'", "''") | join("', '") -%}
        {%- for row in run_query(
            "select schema_name || '.' || view_name, sql from duckdb_views() "
            ~ "where database_name = '" ~ this.database ~ "' "
            ~ "and schema_name || '.' || view_name in ('" ~ names ~ "')"
        ).rows -%}
            {%- do codes.update({row[0]: row[1]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(codes) -}}
{%- endmacro -%}
