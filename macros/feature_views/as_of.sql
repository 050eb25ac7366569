{#- The time of the run, a query of one timestamp as_of (UTC): the var as_of or, without it, the end of
    the last grain that holds an event. The clock is never read.

    events: relation of events.
    event_time: their time column.
    grain: duration of the grain, such as 1d. -#}
{%- macro as_of(events, event_time, grain) -%}
    {%- set given = var('as_of') -%}
    {%- if given is not none -%}
        {%- if not modules.re.fullmatch(
            '\\d{4}-\\d\\d-\\d\\d([ T]\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,6})?)?(Z|[+-]\\d\\d(:?\\d\\d)?)?)?',
            given | string
        ) -%}
            {%- do exceptions.raise_compiler_error(
                'var as_of: a time such as 2017-06-15, 2017-06-15 13:00:00 or 2017-06-15T13:00:00+02:00 '
                ~ 'is allowed (UTC where no zone is given); got ' ~ given
            ) -%}
        {%- endif -%}
    select cast(cast('{{ given }}' as timestamptz) as timestamp) as as_of
    {%- else -%}
    select
        make_timestamp(
            (
                {{ feature_store._grain_number('latest', grain) | indent(8) }} + 1
            ) * {{ feature_store._duration_us(grain) }}
        ) as as_of
    from (
        select max({{ event_time }}) as latest
        from {{ events }}
    ) as events
    {%- endif -%}
{%- endmacro -%}
