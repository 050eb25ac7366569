{#- The clock is never read: the same data give the same time, whenever a run starts. -#}
{%- macro as_of(events, event_time, grain, loaded_at=none) -%}
    {%- set given = var('as_of', none) -%}
    {%- if given is not none -%}
        {%- if not modules.re.fullmatch(
            '\\d{4}-\\d\\d-\\d\\d([ T]\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,6})?)?(Z|[+-]\\d\\d(:?\\d\\d)?)?)?',
            given | string
        ) -%}
            {%- do exceptions.raise_compiler_error(
                'var as_of: a time such as 2017-06-15, 2017-06-15 13:00:00 or '
                ~ '2017-06-15T13:00:00+02:00 is allowed (UTC if no zone is given); got ' ~ given
            ) -%}
        {%- endif -%}
    {#- Without a zone it is UTC, whatever the zone of the session is. -#}
    {%- set has_zone = modules.re.search('(Z|[+-]\\d\\d(:?\\d\\d)?)$', (given | string)[10:]) %}
    select {{ "timezone('UTC', timestamptz '" if has_zone else "(timestamp '" }}{{ given }}') as as_of
    {%- else -%}
    {%- set times = feature_store._event_times_sql(events, event_time, loaded_at) -%}
    select
        make_timestamp(
            (
                {{ feature_store._grain_number('make_timestamp(latest)', grain) | indent(8) }} + 1
            ) * {{ feature_store._duration_us(grain) }}
        ) as as_of
    from (
        select
            coalesce(
                max(times._event_us) filter (
                    where
                    times._event_us
                    <= coalesce(times._loaded_us, loads.latest, times._event_us)
                ),
                max(loads.latest) filter (where times._event_us is not null)
            ) as latest
        from {{ times | indent(8) }} as times
        cross join (
            select max(all_times._loaded_us) as latest
            from {{ times | indent(12) }} as all_times
        ) as loads
    ) as events
    {%- endif -%}
{%- endmacro -%}
