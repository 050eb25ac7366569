{#- Microseconds from 1970 to a UTC time such as 2017-09-01 or 2017-09-01 12:30:00, or none where the
    text is no such time. -#}
{%- macro _utc_us(text) -%}
    {%- set found = modules.re.fullmatch(
        '([0-9]{4})-([0-9]{2})-([0-9]{2})'
        ~ '(?:[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.]([0-9]{1,6}))?)?(?:Z|[+]00(?::?00)?)?)?',
        text | string
    ) -%}
    {%- if not found -%}{{- return(none) -}}{%- endif -%}
    {%- set year, month, day = found.group(1) | int, found.group(2) | int, found.group(3) | int -%}
    {%- set hour, minute = found.group(4) | int(0), found.group(5) | int(0) -%}
    {%- set second = found.group(6) | int(0) -%}
    {%- set is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) -%}
    {%- set lengths = [31, 29 if is_leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] -%}
    {%- if not (
        year > 0 and 0 < month <= 12 and 0 < day <= lengths[month - 1]
        and hour < 24 and minute < 60 and second < 60
    ) -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set before = year - 1 -%}
    {%- set days = before * 365 + before // 4 - before // 100 + before // 400
        + lengths[:month - 1] | sum + day - 719163 -%}
    {%- set seconds = ((days * 24 + hour) * 60 + minute) * 60 + second -%}
    {%- set micros = ((found.group(7) or '') ~ '000000')[:6] | int -%}
    {{- return(seconds * 1000000 + micros) -}}
{%- endmacro -%}
