{#- For each count(distinct …): the number of values of an entity in a grain, how many of them stay in
    each window to its end, and which occur again before. In the plan of positions also how many are
    new in each window, that is, do not occur in it before. -#}
{%- macro _distinct_values_sql(plan, changed) -%}
{%- set entity = plan.entity | join(',\n        ') -%}
{%- for aggregate in plan.aggregates if aggregate.strategy == 'distinct' -%}
{{ aggregate.name }}_values as (

    select distinct
        {{ entity }},
        _grain,
        {%- if changed %}
        _from_grain,
        {%- endif %}
        {{ aggregate.value }} as _value
    from events
    where
        ({{ aggregate.value }}) is not null
        {%- if aggregate.filter %}
        and ({{ aggregate.filter }})
        {%- endif %}

),

{{ aggregate.name }}_seen_again as (

    select
        {{ entity }},
        _grain,
        {%- if changed %}
        _from_grain,
        {%- endif %}
        lead(_grain) over (
            partition by {{ plan.entity | join(', ') }}, _value order by _grain
        ) as _next_grain
        {%- if plan.positions %},
        lag(_grain) over (
            partition by {{ plan.entity | join(', ') }}, _value order by _grain
        ) as _previous_grain
        {%- endif %}
    from {{ aggregate.name }}_values

),

{{ aggregate.name }}_per_grain as (

    select
        {{ entity }},
        _grain,
        count(*) as _seen
        {%- for window in aggregate.windows if window.grains is not none %},
        count(*) filter (
            where _next_grain is null or _next_grain > _grain + {{ window.grains }}
        ) as _stay_{{ window.name }}
        {%- endfor %}
        {%- for window in aggregate.windows if plan.positions %},
        count(*) filter (
            where
            _previous_grain is null
            {%- if window.grains is not none %}
            or _previous_grain < _grain - {{ window.grains }}
            {%- endif %}
        ) as _new_{{ window.name }}
        {%- endfor %}
    from {{ aggregate.name }}_seen_again
    group by
        {{ entity }},
        _grain

),

{% endfor -%}
{%- endmacro -%}
