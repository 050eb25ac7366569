{#- The feature times, one row each: the first grain boundary after an event, and the boundary one
    window later; with the change of each count(distinct …) there. A value enters a window after its
    event, and leaves when the window has passed or, if that is earlier, when the value occurs again.

    changed: the table of entities whose events changed; none if all rows are built. A change before
        the time from which rows are built is moved to that time: later counts stay the same. -#}
{%- macro _changes_sql(plan, changed) -%}
{%- set entity = plan.entity | join(',\n        ') -%}
{%- set counts = plan.aggregates | selectattr('strategy', 'equalto', 'distinct') | list -%}
feature_times as (

    -- events become visible
    select
        {{ entity }},
        _grain + 1 as _grain
        {%- for aggregate in counts %}{% for window in aggregate.windows %},
        _seen_{{ aggregate.name }} as {{ aggregate.name }}_{{ window.name }}
        {%- endfor %}{% endfor %}
    from grains
    {%- for window in plan.windows if window.grains is not none %}
    union all by name
    -- events leave the window of {{ window.name }}
    select
        {{ entity }},
        {{ feature_store._not_before('_grain + ' ~ (window.grains + 1), changed) }} as _grain
        {%- for aggregate in counts if window in aggregate.windows %},
        -_stay_{{ aggregate.name }}_{{ window.name }} as {{ aggregate.name }}_{{ window.name }}
        {%- endfor %}
    from grains
    {%- endfor %}
    {%- for aggregate in counts %}
    union all by name
    -- values of {{ aggregate.name }} are seen again in the windows
    select
        {{ entity }},
        {{ feature_store._not_before('_next_grain + 1', changed) }} as _grain
        {%- for window in aggregate.windows %},
        {% if window.grains is none -%}
        -1
        {%- else -%}
        -cast(_next_grain <= _grain + {{ window.grains }} as bigint)
        {%- endif %} as {{ aggregate.name }}_{{ window.name }}
        {%- endfor %}
    from {{ aggregate.name }}_seen_again
    where
        {% if aggregate.windows[-1].grains is none -%}
        _next_grain is not null
        {%- else -%}
        _next_grain <= _grain + {{ aggregate.windows[-1].grains }}
        {%- endif %}
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

{#- A grain, or the first one for which rows are built, if that is later. greatest() ignores a null. -#}
{%- macro _not_before(grain, changed) -%}
    {%- if changed -%}
        greatest({{ grain }}, _from_grain)
    {%- else -%}
        {{- grain -}}
    {%- endif -%}
{%- endmacro -%}
