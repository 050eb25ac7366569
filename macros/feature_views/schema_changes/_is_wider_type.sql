{#- Returns true if every value of one SQL type has an equal one in another: in a longer
    integer, in a decimal with no fewer digits on either side of the point, in double for float,
    in timestamp for date.

    held, wanted: the types as DuckDB names them, such as DECIMAL(10,2). -#}
{%- macro _is_wider_type(held, wanted) -%}
    {%- set integers = ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT'] -%}
    {%- if held in integers and wanted in integers -%}
        {{- return(integers.index(held) < integers.index(wanted)) -}}
    {%- endif -%}
    {%- set decimal = 'DECIMAL\\((\\d+), ?(\\d+)\\)' -%}
    {%- set old = modules.re.fullmatch(decimal, held) -%}
    {%- set new = modules.re.fullmatch(decimal, wanted) -%}
    {%- if old and new -%}
        {%- set more_after = new[2] | int - old[2] | int -%}
        {%- set more_before = new[1] | int - old[1] | int - more_after -%}
        {{- return(more_after >= 0 and more_before >= 0) -}}
    {%- endif -%}
    {{- return([held, wanted] in [['FLOAT', 'DOUBLE'], ['DATE', 'TIMESTAMP']]) -}}
{%- endmacro -%}
