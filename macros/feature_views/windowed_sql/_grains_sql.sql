{#- The CTE grains, one row per entity and grain with events: partial results and distinct values. -#}
{%- macro _grains_sql(plan) -%}
{%- set counts = plan.aggregates | selectattr('strategy', 'equalto', 'distinct') | list -%}
grains as (

    select
        per_grain.*
        {%- for aggregate in counts %},
        {{ aggregate.name }}_per_grain._seen as _seen_{{ aggregate.name }}
        {%- for window in aggregate.windows if window.grains is not none %},
        {{ aggregate.name }}_per_grain._stay_{{ window.name }}
        {#- #} as _stay_{{ aggregate.name }}_{{ window.name }}
        {%- endfor %}
        {%- for window in aggregate.windows if plan.positions %},
        {{ aggregate.name }}_per_grain._new_{{ window.name }}
        {#- #} as _new_{{ aggregate.name }}_{{ window.name }}
        {%- endfor %}
        {%- endfor %}
    from per_grain
    {%- for aggregate in counts %}
    left join {{ aggregate.name }}_per_grain
        on
            per_grain._grain = {{ aggregate.name }}_per_grain._grain
            {%- for key in plan.entity %}
            and per_grain.{{ key }} = {{ aggregate.name }}_per_grain.{{ key }}
            {%- endfor %}
    {%- endfor %}

),
{%- endmacro -%}
