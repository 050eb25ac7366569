{%- macro record_served_start() -%}
    {%- if execute -%}
        {%- do feature_store._raise_errors(
            'feature views',
            feature_store._ephemeral_view_errors() + feature_store._duplicate_snapshot_errors()
        ) -%}
    {%- endif -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'test', 'seed', 'snapshot'] %}
        create schema if not exists {{ feature_store._operations() }};
        create table if not exists {{ feature_store._operations('view_builds') }} (
            unique_id varchar primary key,
            definition varchar,
            as_of_query varchar,
            invocation_id varchar
        );
        -- A hash of the declaration that Python can compute from the manifest.
        alter table {{ feature_store._operations('view_builds') }} add column if not exists declaration varchar;
        create table if not exists {{ feature_store._operations('served_runs') }} (
            snapshot_id varchar,
            feature_view varchar,
            features_id varchar,
            as_of timestamp,
            served_at timestamp,
            known_at timestamp,
            definition varchar,
            invocation_id varchar,
            primary key (snapshot_id, invocation_id)
        );
    {%- endif -%}
{%- endmacro -%}
