{#- SQL of the earliest feature time that is not older than a maximum age at a time. It is null for an
    infinite time, at which every row is infinitely old. -#}
{%- macro _oldest_time_sql(time, max_age_us) -%}
{#- No interval is longer, and no two times are farther apart. -#}
{%- set interval_us = [max_age_us, 2 ** 63 - 1] | min -%}
if(
    isfinite({{ time }}),
    coalesce(
        try({{ time }} - to_microseconds({{ interval_us }})),
        timestamp '290309-12-22 (BC) 00:00:00' -- the first that there is
    ),
    null
)
{%- endmacro -%}
