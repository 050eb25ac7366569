{%- macro time_split(time, validation_from, test_from, label_window=none) -%}
    {%- set at = namespace(errors=[]) -%}
    {%- set starts = {'validation_from': validation_from, 'test_from': test_from} -%}
    {%- for name, text in starts.items() -%}
        {%- if feature_store._utc_us(text) is none -%}
            {%- set at.errors = at.errors + [
                name ~ ': a UTC time is allowed, such as 2017-09-01 or 2017-09-01 12:00:00; got '
                ~ text
            ] -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set window_us = none -%}
    {%- if label_window is not none -%}
        {%- set window_us = feature_store._duration_us(label_window) -%}
        {%- if window_us is none -%}
            {%- set at.errors = at.errors + [
                'label_window: a whole number and s, m, h, d or w is allowed, such as 28d; got '
                ~ label_window
            ] -%}
        {%- endif -%}
    {%- endif -%}
    {%- if not at.errors -%}
        {%- set length_us = feature_store._utc_us(test_from)
            - feature_store._utc_us(validation_from) -%}
        {%- if length_us <= 0 -%}
            {%- set at.errors = [
                'test_from: a time after validation_from (' ~ validation_from ~ ') is allowed; got '
                ~ test_from
            ] -%}
        {%- elif window_us is not none and window_us >= length_us -%}
            {%- set at.errors = [
                'label_window: less than the time from validation_from to test_from is allowed, or no '
                ~ 'row is left for validation; got ' ~ label_window
            ] -%}
        {%- endif -%}
    {%- endif -%}
    {%- if time is not string or not time | trim -%}
        {%- set at.errors = ['time: SQL such as label_time is allowed; got ' ~ time] + at.errors -%}
    {%- endif -%}
    {{- feature_store._raise_errors('time_split', at.errors) -}}
    {%- set units = {'s': 'seconds', 'm': 'minutes', 'h': 'hours', 'd': 'days', 'w': 'weeks'} -%}
case
    {%- for split, start in [('train', validation_from), ('validation', test_from)] %}
    {%- set text = modules.re.sub('(Z|[+].*)$', '', start | string) | replace('T', ' ') %}
    {%- set bound = "timestamp '" ~ text ~ "'" %}
    {%- if window_us is not none %}
    {%- set window = "interval '" ~ label_window[:-1] ~ ' ' ~ units[label_window[-1]] ~ "'" %}
    when {{ time }} < {{ bound }} - {{ window }} then '{{ split }}'
    when {{ time }} < {{ bound }} then null
    {%- else %}
    when {{ time }} < {{ bound }} then '{{ split }}'
    {%- endif %}
    {%- endfor %}
    when {{ time }} is not null then 'test'
end
{%- endmacro -%}
