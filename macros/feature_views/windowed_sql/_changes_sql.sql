{#- The feature times, one row each: the first grain boundary after an event, and the boundary one
    window later. With it, by how much each count(distinct …) changes there: a value enters a window
    after it is seen, and leaves when the window has passed or, if earlier, when it is seen again.

    changed: the table of entities whose events changed; none where all rows are made. What happens before the
        time from which on rows are made happens at that time: how much it was does not change after it. -#}
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

{#- A grain, or the one from which on rows are made, if that is later. greatest() passes over a null. -#}
{%- macro _not_before(grain, changed) -%}
    {%- if changed -%}
        greatest({{ grain }}, _from_grain)
    {%- else -%}
        {{- grain -}}
    {%- endif -%}
{%- endmacro -%}
