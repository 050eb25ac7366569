{#- The last query of served_differences(): the pairs that differ, in columns that are the same for
    every feature view. -#}
{%- macro _named_differences_sql(served, entity, feature_view) -%}
select
    '{{ feature_view }}' as feature_view,
    cast(
        to_json({
            {%- for key in entity %}
            {{ key }}: pairs.{{ key }}{{ ',' if not loop.last }}
            {%- endfor %}
        }) as varchar
    ) as entity,
    pairs.reason,
    coalesce(changes.changed_features, []) as changed_features,
    served.feature_time as served_feature_time,
    pairs._feature_time as recomputed_feature_time,
    served.known_at as served_known_at,
    pairs._known_at as recomputed_known_at,
    pairs.runs,
    pairs.first_as_of,
    pairs.last_as_of,
    pairs.first_served_at,
    pairs.last_served_at
from pairs
left join changes on pairs._pair = changes._pair
left join {{ served }} as served
    on
        pairs._served_from = served.dbt_valid_from
        {%- for key in entity %}
        and pairs.{{ key }} = served.{{ key }}
        {%- endfor %}
where
    changes._pair is not null
    or pairs._served_from is null
    or pairs._feature_time is null
{%- endmacro -%}
