{#- Returns true if another SQL type holds every value of a type: a longer integer, a decimal with at
    least as many digits on each side of the point, double for float, timestamp for date.

    old, new: the types as DuckDB names them, such as DECIMAL(10,2). -#}
{%- macro _is_wider_type(old, new) -%}
    {%- set integers = ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT'] -%}
    {%- if old in integers and new in integers -%}
        {{- return(integers.index(old) < integers.index(new)) -}}
    {%- endif -%}
    {%- set decimal = 'DECIMAL\\((\\d+), ?(\\d+)\\)' -%}
    {%- set old_digits = modules.re.fullmatch(decimal, old) -%}
    {%- set new_digits = modules.re.fullmatch(decimal, new) -%}
    {%- if old_digits and new_digits -%}
        {%- set more_after = new_digits[2] | int - old_digits[2] | int -%}
        {%- set more_before = new_digits[1] | int - old_digits[1] | int - more_after -%}
        {{- return(more_after >= 0 and more_before >= 0) -}}
    {%- endif -%}
    {{- return([old, new] in [['FLOAT', 'DOUBLE'], ['DATE', 'TIMESTAMP']]) -}}
{%- endmacro -%}
