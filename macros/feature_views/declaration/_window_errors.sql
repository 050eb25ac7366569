{#- The errors in a list of windows: not a duration, not a multiple of the grain, or repeated. -#}
{%- macro _window_errors(where, windows, grain) -%}
    {%- set errors = [] -%}
    {%- set grain_us = feature_store._duration_us(grain) -%}
    {%- if windows is string or windows is mapping or windows is not iterable or not windows -%}
        {{- return([where ~ ': a list of durations is allowed, such as [7d, 28d, lifetime]; got '
            ~ windows]) -}}
    {%- endif -%}
    {%- set seen = [] -%}
    {%- for window in windows -%}
        {%- set length_us = feature_store._duration_us(window) -%}
        {%- if window in seen -%}
            {%- do errors.append(
                where ~ ': ' ~ window ~ ' occurs twice; each window is allowed once'
            ) -%}
        {%- elif window != 'lifetime' and length_us is none -%}
            {%- do errors.append(
                where ~ ': a whole number and s, m, h, d or w, or lifetime, is allowed; got '
                ~ window
            ) -%}
        {%- elif length_us and grain_us and length_us % grain_us != 0 -%}
            {%- do errors.append(
                where ~ ': a multiple of the grain ' ~ grain ~ ' is allowed; got ' ~ window
            ) -%}
        {%- endif -%}
        {%- do seen.append(window) -%}
    {%- endfor -%}
    {{- return(errors) -}}
{%- endmacro -%}
