{#- The pairs of a served row and the recomputed row of the same time that differ, with the reason and
    the number of runs; one of the two rows may be missing. -#}
{%- macro _differing_pairs_sql(entity) -%}
pairs as (

    select
        {{ entity | join(',\n        ') }},
        _served_from,
        _feature_time,
        _known_at,
        case
            when runs.is_redefined then 'changed_definition'
            when _known_at > runs.known_at then 'late_data'
            else 'other_change'
        end as reason,
        count(*) as runs,
        min(runs.as_of) as first_as_of,
        max(runs.as_of) as last_as_of,
        min(runs.served_at) as first_served_at,
        max(runs.served_at) as last_served_at,
        row_number() over () as _pair
    from served_rows
    full outer join recomputed_rows using ({{ entity | join(', ') }}, served_at)
    inner join runs using (served_at)
    where _served_hash is distinct from _feature_hash
    group by
        {{ entity | join(',\n        ') }},
        _served_from,
        _feature_time,
        _known_at,
        reason

),
{%- endmacro -%}
