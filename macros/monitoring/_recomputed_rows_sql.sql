{#- The rows that the feature table has today for the as_of of each served run: keys, feature time and
    a hash of the features. -#}
{%- macro _recomputed_rows_sql(features, served, entity, feature_hashes) -%}
-- In the order of the snapshot's columns, so that equal rows have equal hashes.
feature_rows as (

    select * from {{ served }} where false
    union all by name
    select * from {{ features }}

),

feature_row_hashes as (

    select
        {{ entity | join(',\n        ') }},
        feature_time as _from,
        known_at as _known_at,
        {{ feature_hashes | indent(8) }}
    from feature_rows

),

feature_periods as (

    select
        {{ entity | join(',\n        ') }},
        _from,
        lead(_from, 1, 'infinity') over (
            partition by {{ entity | join(', ') }} order by _from
        ) as _until,
        _known_at,
        hash(hash(*columns(* exclude ({{ entity | join(', ') }}, _from, _known_at)))) as _hash
    from feature_row_hashes

),

recomputed_rows as (

    select
        {%- for key in entity %}
        feature_periods.{{ key }},
        {%- endfor %}
        runs.served_at,
        feature_periods._from as _feature_time,
        feature_periods._known_at,
        feature_periods._hash as _feature_hash
    from feature_periods
    inner join runs
        on
            feature_periods._from <= runs.as_of
            and feature_periods._until > runs.as_of

),
{%- endmacro -%}
