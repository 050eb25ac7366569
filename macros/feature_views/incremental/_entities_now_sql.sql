{#- The CTE `now`: the number and fingerprint of each entity's present events, one row per entity,
    also if a part of its key is null. Events without a time are counted in _rows only.
    Arguments: see _changed_entities_sql(). -#}
{%- macro _entities_now_sql(events, plan, columns, seen) -%}
{%- set entity = plan.entity | join(',\n        ') -%}
{#- epoch_us() of an infinite time is null, too -#}
{%- set has_time = 'epoch_us(' ~ plan.event_time ~ ') is not null' -%}
last_seen as (

    select {% if seen %}max(_loaded_until){% else %}cast(null as timestamp){% endif %} as loaded_until
    {%- if seen %}
    from {{ seen }}
    {%- endif %}

),

events as (

    select
        {{ entity }},
        if({{ has_time }}, {{ plan.loaded_at }}, null) as _loaded_at,
        if({{ has_time }}, {{ feature_store._row_hash(columns) | indent(8) }}, null) as _hash,
        {{ plan.event_time }} as _event_time,
        -- null, and so not new, without a load time
        {{ has_time }} and {{ plan.loaded_at }} > (select last_seen.loaded_until from last_seen) as _is_new,
        epoch_us({{ plan.event_time }}) > {{ feature_store._load_us_sql(plan.loaded_at) }} as _is_after_load
    from {{ events }}

),

now as (

    select
        {{ entity }},
        count(*) as _rows,
        count(_hash) as _events,
        sum(_hash) as _fingerprint,
        max(_loaded_at) as _loaded_until,
        count(*) filter (where _is_new) as _new_events,
        sum(_hash) filter (where _is_new) as _new_fingerprint,
        min(_event_time) filter (where _is_new) as _new_from,
        count(*) filter (where _is_after_load) as _after_load,
        max(epoch_us(_event_time)) filter (where _is_after_load) as _latest_after_load
    from events
    group by
        {{ entity }}

),
{%- endmacro -%}
