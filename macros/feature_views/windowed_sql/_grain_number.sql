{#- SQL of the number of a time's grain, counted from the epoch.

    epoch_us() takes timestamps, dates and timestamps with a zone, and does not depend on the time
    zone of the session, as a cast would. DuckDB's // truncates towards zero; the second term makes
    it the floor for times before 1970. -#}
{%- macro _grain_number(time, grain) -%}
    {%- set micros = 'epoch_us(' ~ time ~ ')' -%}
    {%- set grain_us = feature_store._duration_us(grain) -%}
    {{- micros }} // {{ grain_us }}
        - cast({{ micros }} % {{ grain_us }} < 0 as bigint)
{%- endmacro -%}
