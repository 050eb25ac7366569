{#- The feature times, one row each: the first grain boundary after an event, and the boundary one
    window later. With it, by how much each count(distinct …) changes there: a value enters a window
    after it is seen, and leaves when the window has passed or, if earlier, when it is seen again. -#}
{%- macro _changes_sql(plan) -%}
{%- set entity = plan.entity | join(',\n        ') -%}
{%- set counts = plan.aggregates | selectattr('strategy', 'equalto', 'distinct') | list -%}
feature_times as (

    -- an event becomes visible
    select
        {{ entity }},
        _grain + 1 as _grain
    from per_grain
    {%- for window in plan.windows if window.grains is not none %}
    union all by name
    -- an event leaves the window of {{ window.name }}
    select
        {{ entity }},
        _grain + {{ window.grains + 1 }} as _grain
    from per_grain
    {%- endfor %}
    {%- for aggregate in counts %}
    union all by name
    -- a value of {{ aggregate.name }} enters the windows
    select
        {{ entity }},
        _grain + 1 as _grain
        {%- for window in aggregate.windows %},
        _values as {{ aggregate.name }}_{{ window.name }}
        {%- endfor %}
    from {{ aggregate.name }}_per_grain
    {%- for window in aggregate.windows %}
    union all by name
    {%- if window.grains is none %}
    -- it was there before
    select
        {{ entity }},
        _next_grain + 1 as _grain,
        -_values as {{ aggregate.name }}_{{ window.name }}
    from {{ aggregate.name }}_per_grain
    where _next_grain is not null
    {%- else %}
    -- it leaves the window of {{ window.name }}, or was in it already
    select
        {{ entity }},
        least(_grain + {{ window.grains }}, _next_grain) + 1 as _grain,
        -_values as {{ aggregate.name }}_{{ window.name }}
    from {{ aggregate.name }}_per_grain
    {%- endif %}
    {%- endfor %}
    {%- endfor %}

),

changes as (

    select
        {{ entity }},
        _grain
        {%- for aggregate in counts %}{% for window in aggregate.windows %},
        {%- set column = aggregate.name ~ '_' ~ window.name %}
        cast(coalesce(sum({{ column }}), 0) as bigint) as {{ column }}
        {%- endfor %}{% endfor %}
    from feature_times
    group by
        {{ entity }},
        _grain

),
{%- endmacro -%}
