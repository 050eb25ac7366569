{#- SQL of a time as a timestamp in UTC, whatever the time zone of the session.

    A type that is an error for _time_type_error() gives null. A time that is not exactly a
    timestamp, such as one with parts of a microsecond, ends the query with an error.

    time: SQL of the time.
    what: the column's label in an error. -#}
{%- macro _utc_timestamp_sql(time, what) -%}
case
    when
        (
            typeof({{ time }}) = 'TIMESTAMP_NS'
            and epoch_ns(try_cast({{ time }} as timestamp_ns)) % 1000 <> 0
        )
        or (
            typeof({{ time }}) = 'TIMESTAMPTZ_NS'
            and epoch_ns(try_cast({{ time }} as timestamptz_ns)) % 1000 <> 0
        )
        then
            error(
                {{ feature_store._literal(what) }} || ' has parts of a microsecond; '
                || 'times rounded down to microseconds are allowed; got '
                || cast({{ time }} as varchar)
            )
    when typeof({{ time }}) in ('TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ_NS')
        then timezone('UTC', try_cast({{ time }} as timestamptz))
    when
        {{ time }} is not null
        and typeof({{ time }}) in (
            {{ feature_store._time_types() }}
        )
        then
            coalesce(
                try_cast({{ time }} as timestamp),
                error(
                    {{ feature_store._literal(what) }} || ' has a time that no timestamp holds; '
                    || 'years up to 294246 are allowed'
                )
            )
end
{%- endmacro -%}
