{#- A subquery of the times of events, in microseconds since the epoch (UTC), one row per event:
    _event_us and _loaded_us. A time that is infinite is null.

    loaded_at: name of the column of load times; none: loaded_at.

    If the relation has no column loaded_at, _loaded_us is null: the name then means the column of
    `no_load`. So the SQL can be made without reading the columns from the database. -#}
{%- macro _event_times_sql(events, event_time, loaded_at=none) -%}
(
    select
        epoch_us(found._time) as _event_us,
        {{ feature_store._load_us_sql('found.loaded_at') | indent(8) }} as _loaded_us
    from (select cast(null as timestamp) as loaded_at) as no_load
    cross join lateral (
        select
            {{ feature_store._quoted(event_time) }} as _time,
            {{ feature_store._quoted(loaded_at) ~ ' as loaded_at' if loaded_at else 'loaded_at' }}
        from {{ events }}
    ) as found
)
{%- endmacro -%}
