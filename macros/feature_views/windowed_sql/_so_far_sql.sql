{#- The CTE so_far: the grains with the results over all events of the entity up to each, for the
    lifetime and for known_at, which then depends on all events. Nothing without a lifetime. -#}
{%- macro _so_far_sql(plan) -%}
{%- if plan.positions.lifetime -%}
-- everything up to each grain, for the lifetime
so_far as (

    select
        *,
        {%- for aggregate in plan.aggregates if aggregate.method != 'frames' and aggregate.windows[-1].grains is none %}
        {%- set name = aggregate.name ~ '_' ~ aggregate.windows[-1].name %}
        {%- set part = ('_new_' ~ name) if aggregate.strategy == 'distinct' else '_part_' ~ aggregate.name %}
        {%- set result = (aggregate.combine or 'sum') ~ '(' ~ part ~ ') over so_far' %}
        {%- if aggregate.counts %}
            {%- set result = 'cast(coalesce(' ~ result ~ ', 0) as bigint)' %}
        {%- endif %}
        {{ result }} as {{ name }},
        {%- endfor %}
        max(_known_at) over so_far as known_at
    from grains
    window so_far as (
        partition by {{ plan.entity | join(', ') }} order by _grain
        rows between unbounded preceding and current row
    )

),

{% endif -%}
{%- endmacro -%}
