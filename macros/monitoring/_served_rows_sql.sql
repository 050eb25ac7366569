{#- The served runs of a feature view, and the rows that each run served: keys, start of the snapshot
    row and a hash of its features. -#}
{%- macro _served_rows_sql(served, entity, feature_view, runs, builds, feature_hashes) -%}
runs as (

    select
        runs.as_of,
        runs.served_at,
        runs.known_at,
        coalesce(runs.definition <> builds.definition, false) as is_redefined
    from {{ runs }} as runs
    left join {{ builds }} as builds
        on runs.features_id = builds.unique_id
    where runs.feature_view = '{{ feature_view }}'

),

-- One hash a feature, under its name.
served_hashes as (

    select
        {{ entity | join(',\n        ') }},
        dbt_valid_from as _from,
        coalesce(dbt_valid_to, 'infinity') as _until,
        {{ feature_hashes | indent(8) }}
    from {{ served }}

),

served_periods as (

    select
        {{ entity | join(',\n        ') }},
        _from,
        _until,
        hash(hash(*columns(* exclude ({{ entity | join(', ') }}, _from, _until)))) as _hash
    from served_hashes

),

served_rows as (

    select
        {%- for key in entity %}
        served_periods.{{ key }},
        {%- endfor %}
        runs.served_at,
        served_periods._from as _served_from,
        served_periods._hash as _served_hash
    from served_periods
    inner join runs
        on
            served_periods._from <= runs.served_at
            and served_periods._until > runs.served_at

),
{%- endmacro -%}
