{#- Without this record nobody could tell later which row should have been served. -#}
{%- macro record_served_results(results) -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'snapshot'] -%}
        {%- set done = results | selectattr('status', 'equalto', 'success') | list -%}
        {%- set as_of_queries = {} -%}
        {%- for row in run_query(
            "select unique_id, as_of_query from " ~ feature_store._operations('view_builds') ~ " "
            ~ "where as_of_query is not null and unique_id not in ("
            ~ "select unique_id from " ~ feature_store._operations('dbt_results') ~ " where status = 'started')"
        ) -%}
            {%- do as_of_queries.update({row[0]: row[1]}) -%}
        {%- endfor -%}
        {%- for result in done if result.node.resource_type == 'model' -%}
            {%- set node = graph.nodes[result.node.unique_id] -%}
            {%- if (node.config.meta or {}).get('feature_view') -%}
                {%- set parents = feature_store._online_parents(node) -%}
                {%- set declaration = node.config.meta.feature_view -%}
                {%- set query = none -%}
                {%- if parents and parents.events -%}
                    {%- set completed = feature_store._completed(declaration) -%}
                    {%- set query = feature_store.as_of(
                        parents.events, completed.event_time, completed.grain, completed.loaded_at
                    ) | trim -%}
                    {%- do as_of_queries.update({node.unique_id: query}) -%}
                    {%- do feature_store._warn_of_serving_time(node, parents, query) -%}
                {%- endif %}
        insert or replace into {{ feature_store._operations('view_builds') }} values (
            '{{ node.unique_id }}',
            coalesce(
                -- The SQL of an incremental model differs between full and incremental runs.
                (
                    select definition
                    from {{ feature_store._operations('built_models') }}
                    where unique_id = '{{ node.unique_id }}'
                ),
                '{{ local_md5(result.node.compiled_code or "") }}'
            ),
            {{ "'" ~ query | replace("'", "''") ~ "'" if query else 'null' }},
            '{{ invocation_id }}',
            '{{ local_md5(tojson(declaration, sort_keys=true) ~ node.raw_code) }}'
        );
            {%- endif -%}
        {%- endfor -%}
        {%- for result in done if result.node.resource_type == 'snapshot' -%}
            {%- set online_id = graph.nodes[result.node.unique_id].depends_on.nodes[0] -%}
            {%- set parents = feature_store._online_parents(graph.nodes.get(online_id)) -%}
            {%- set query = as_of_queries.get(online_id) -%}
            {%- if parents and query -%}
                {{ feature_store._served_run_sql(result, parents.features, query) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro -%}
