{#- The insert of one served run. served_at is a time of the clock, when the snapshot was ready: its
    rows are those with dbt_valid_from <= served_at < dbt_valid_to.

    result: dbt's result of the snapshot.
    features: node of the feature table.
    as_of_query: the query of the as_of that the online view was built for; it gives null if there
        were no events, and nothing was served. -#}
{%- macro _served_run_sql(result, features, as_of_query) -%}
    {%- set execution = result.timing | selectattr('name', 'equalto', 'execute') | first %}
        insert or replace into {{ feature_store._operations('served_runs') }}
        select
            '{{ result.node.unique_id }}',
            '{{ features.name }}:v{{ feature_store._version_of(features) }}',
            '{{ features.unique_id }}',
            run.as_of,
            timestamp '{{ execution.completed_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}',
            (select max(known_at) from {{ features.relation_name }}),
            (
                select definition
                from {{ feature_store._operations('view_builds') }}
                where unique_id = '{{ features.unique_id }}'
            ),
            '{{ invocation_id }}'
        from (
            {{ as_of_query }}
        ) as run
        where run.as_of is not null;
{%- endmacro -%}
