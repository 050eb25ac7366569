{#- The CTE per_grain, one row per entity and grain with events: the partial results of the
    aggregates that can be combined and, for each filter of an aggregate with `empty`, the number
    of the grain if an event passes it. -#}
{%- macro _per_grain_sql(plan, changed) -%}
per_grain as (

    select
        {{ plan.entity | join(',\n        ') }},
        _grain,
        {%- if changed %}
        any_value(_from_grain) as _from_grain,
        {%- endif %}
        max({{ plan.known_at }}) as _known_at
        {%- for aggregate in plan.aggregates if aggregate.strategy == 'grains' %},
        {{ aggregate.call }}
        {%- if aggregate.filter %} filter (where {{ aggregate.filter }}){% endif %}
        {#- #} as _part_{{ aggregate.name }}
        {%- endfor %}
        {%- for aggregate in plan.aggregates if aggregate.passed == aggregate.name %},
        any_value(_grain) filter (where {{ aggregate.filter }}) as _passed_{{ aggregate.name }}
        {%- endfor %}
    from events
    group by
        {{ plan.entity | join(',\n        ') }},
        _grain

),
{%- endmacro -%}
