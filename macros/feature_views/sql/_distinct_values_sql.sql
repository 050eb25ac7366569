{#- For each count(distinct …): how many values an entity has in a grain, by the next grain that has
    the same value again (null where none has). -#}
{%- macro _distinct_values_sql(plan) -%}
{%- set entity = plan.entity | join(',\n        ') -%}
{%- for aggregate in plan.aggregates if aggregate.strategy == 'distinct' -%}
{{ aggregate.name }}_values as (

    select distinct
        {{ entity }},
        _grain,
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
        lead(_grain) over (
            partition by {{ plan.entity | join(', ') }}, _value order by _grain
        ) as _next_grain
    from {{ aggregate.name }}_values

),

{{ aggregate.name }}_per_grain as (

    select
        {{ entity }},
        _grain,
        _next_grain,
        count(*) as _values
    from {{ aggregate.name }}_seen_again
    group by
        {{ entity }},
        _grain,
        _next_grain

),

{% endfor -%}
{%- endmacro -%}
