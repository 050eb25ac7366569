{#- A query of the entities whose events are not those that a view was built from:

    - _events, _fingerprint: the number of their events now, and the sum of the hashes of these;
    - _loaded_until: the latest load of any of them;
    - _from_grain: the grain of the earliest new event; the entity's rows up to its begin stay as
      they are. Null if other events changed too, and all rows of the entity are built again;
    - _part: the number, from 0, of the part of the build that the entity belongs to. Large entities
      come last, each in a part of its own that is not the first.

    One more row has no entity and no part, but _counts of all events, see _event_counts_sql(). A
    sum of row hashes does not depend on the order of the events, and counts copies.

    events: relation of the events.
    plan: of the declaration.
    columns: those of the events that the view depends on.
    seen: table of the events that the view was built from; none: all entities are new. -#}
{%- macro _changed_entities_sql(events, plan, columns, seen) -%}
{%- set entity = plan.entity | join(',\n        ') -%}
with

{{ feature_store._entities_now_sql(events, plan, columns, seen) }}

usable as (

    select *
    from now
    where
        _events > 0
        {%- for key in plan.entity %}
        and {{ key }} is not null
        {%- endfor %}

),

changed as (

    {% if not seen -%}
    select
        {{ entity }},
        _events,
        _fingerprint,
        _loaded_until,
        cast(null as bigint) as _from_grain
    from usable
    {%- else -%}
    select
        {{ entity }},
        coalesce(now._events, 0) as _events,
        now._fingerprint,
        now._loaded_until,
        if(
            now._events - now._new_events = seen._events
            and now._fingerprint - coalesce(now._new_fingerprint, 0) = seen._fingerprint,
            {{ feature_store._grain_number('now._new_from', plan.grain) }},
            null
        ) as _from_grain
    from usable as now
    full outer join {{ seen }} as seen
        using ({{ plan.entity | join(', ') }})
    where
        now._events is distinct from seen._events
        or now._fingerprint is distinct from seen._fingerprint
    {%- endif %}

)

select
    *,
    cast(
        (sum(_events) over (
            order by _events > {{ feature_store._large_entity() }}, {{ plan.entity | join(', ') }}
            rows between unbounded preceding and current row
        ) - _events) // {{ feature_store._events_per_part() }}
        + cast(_events > {{ feature_store._large_entity() }} as integer)
        as integer
    ) as _part
from changed
union all by name
select {{ feature_store._event_counts_sql(plan.entity) | indent(7) }} as _counts
from now
{%- endmacro -%}
