{#- The events that have an entity and a finite time, with the number of their grain.

    changed: the table of entities whose events changed; only their events are read, and of these
        only the ones that are in a window after the first new event. Each has _from_grain, the
        grain from which rows are built (null: all). none: all events.
    part: number of the part of that table's entities whose events are read; none: all. -#}
{%- macro _events_sql(events, plan, changed, part) -%}
{%- set grain = feature_store._grain_number('events.' ~ plan.event_time, plan.grain) -%}
{%- set widest = plan.windows[-1].grains -%}
events as (

    select
        events.*,
        {%- if changed %}
        changed._from_grain,
        {%- endif %}
        {{ grain }} as _grain
    from {{ events }} as events
    {%- if changed %}
    inner join {{ changed }} as changed
        on
            changed._part = {{ part }}
            {%- for key in plan.entity %}
            and events.{{ key }} = changed.{{ key }}
            {%- endfor %}
            {%- if widest is not none %}
            and (
                changed._from_grain is null
                or {{ grain }} >= changed._from_grain - {{ widest }}
            )
            {%- endif %}
    {%- elif part is not none %}
    semi join {{ feature_store._incremental_tables(model).changed }} as changed
        on
            changed._part = {{ part }}
            {%- for key in plan.entity %}
            and events.{{ key }} = changed.{{ key }}
            {%- endfor %}
    {%- endif %}
    where
        epoch_us(events.{{ plan.event_time }}) is not null
        {%- for key in plan.entity %}
        and events.{{ key }} is not null
        {%- endfor %}

),
{%- endmacro -%}
