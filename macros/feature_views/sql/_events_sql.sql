{#- The events that have an entity and a time, with the number of the grain they fall into.

    changed: the table of entities whose events changed, of which alone events are needed; none: all. Those that
        have left every window before the first new event are not, where no window is the lifetime. -#}
{%- macro _events_sql(events, plan, changed) -%}
{%- set grain = feature_store._grain_number(plan.event_time, plan.grain) -%}
{%- set widest = plan.windows[-1].grains -%}
events as (

    select
        *,
        {{ grain }} as _grain
    from {{ events }}{{ ' as events' if changed }}
    {%- if changed %}
    semi join {{ changed }} as changed
        on
            {%- for key in plan.entity %}
            {{ 'and ' if not loop.first }}events.{{ key }} = changed.{{ key }}
            {%- endfor %}
            {%- if widest is not none %}
            and (
                changed._from_grain is null
                or {{ feature_store._grain_number('events.' ~ plan.event_time, plan.grain) }} >= changed._from_grain - {{ widest }}
            )
            {%- endif %}
    {%- endif %}
    where
        {{ plan.event_time }} is not null
        {%- for key in plan.entity %}
        and {{ key }} is not null
        {%- endfor %}

),
{%- endmacro -%}
