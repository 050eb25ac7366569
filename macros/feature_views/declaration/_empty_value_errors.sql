{#- The error of an `empty` that is not a value of its aggregate's type: it would be rounded, or
    would change the type of the column.

    aggregate: one of the plan's.
    type: of its result, as in DuckDB's plan: {id, type_info}.
    query: the query of its result. -#}
{%- macro _empty_value_errors(aggregate, type, query) -%}
    {%- set value = aggregate.empty -%}
    {%- if not aggregate.has_empty or value is none or not type -%}{{- return([]) -}}{%- endif -%}
    {%- set id, text = type.id, value | string -%}
    {%- set bits = {
        'TINYINT': 7, 'SMALLINT': 15, 'INTEGER': 31, 'BIGINT': 63, 'HUGEINT': 127,
        'UTINYINT': 8, 'USMALLINT': 16, 'UINTEGER': 32, 'UBIGINT': 64, 'UHUGEINT': 128,
    }.get(id) -%}
    {%- if value is boolean -%}
        {%- set fits = id == 'BOOLEAN' -%}
    {%- elif value is number and bits -%}
        {%- set lowest = 0 if id[0] == 'U' else -(2 ** bits) -%}
        {%- set fits = value is integer and lowest <= value < 2 ** bits -%}
    {%- elif value is number and id == 'DECIMAL' -%}
        {%- set digits = modules.re.fullmatch('-?0*(\\d*?)(?:\\.(\\d*?)0*)?', text) -%}
        {%- set fits = digits is not none
            and digits[1] | length <= type.type_info.width - type.type_info.scale
            and (digits[2] or '') | length <= type.type_info.scale -%}
    {%- elif value is number -%}
        {%- set fits = id in ['DOUBLE', 'FLOAT', 'BIGNUM'] -%}
    {%- elif bits or id in ['DECIMAL', 'DOUBLE', 'FLOAT', 'BOOLEAN', 'BIGNUM'] -%}
        {%- set fits = false -%}
    {%- else -%}
        {%- set fits = id == 'VARCHAR' or feature_store._can_be_cast(text, query) -%}
    {%- endif -%}
    {%- if fits -%}{{- return([]) -}}{%- endif -%}
    {%- set info = type.type_info or {} -%}
    {%- set named = id | lower
        ~ ('(' ~ info.width ~ ',' ~ info.scale ~ ')' if id == 'DECIMAL' else '') -%}
    {{- return([
        'aggregates.' ~ aggregate.name ~ '.empty: a value of the aggregate\'s own type is allowed, '
        ~ named ~ ' of ' ~ aggregate.call ~ ', or null; got '
        ~ ('the text ' ~ feature_store._literal(value) if value is string else value)
    ]) -}}
{%- endmacro -%}

{#- Returns true if a text can be cast to the type of a query's result. -#}
{%- macro _can_be_cast(text, query) -%}
    {%- set type = feature_store._event_columns('(' ~ query ~ ')').values() | first -%}
    {{- return(run_query(
        'select try_cast(' ~ feature_store._literal(text) ~ ' as ' ~ type ~ ') is not null'
    ).columns[0].values()[0]) -}}
{%- endmacro -%}
