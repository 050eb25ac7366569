{#- The errors in an argument that lists columns: not a list, not names, or a name that repeats.

    name: the argument.
    columns: what was given.
    may_be_empty: whether an empty list is allowed. -#}
{%- macro _column_list_errors(name, columns, may_be_empty=false) -%}
    {%- set allowed = name ~ ': a list of column names is allowed, such as [customer_id]' -%}
    {%- if columns is string or columns is mapping or columns is not sequence -%}
        {{- return([allowed ~ '; got ' ~ columns]) -}}
    {%- endif -%}
    {%- if not columns -%}
        {{- return([] if may_be_empty else [allowed ~ '; got an empty list']) -}}
    {%- endif -%}
    {%- set at = namespace(errors=[], seen=[]) -%}
    {%- for column in columns -%}
        {%- if column is not string or not column -%}
            {%- set at.errors = at.errors + [allowed ~ '; got ' ~ (column or 'an empty text')] -%}
        {%- elif column | lower in at.seen -%}
            {%- set at.errors = at.errors + [
                name ~ ': each column is allowed once; got ' ~ column ~ ' twice'
            ] -%}
        {%- endif -%}
        {%- set at.seen = at.seen + [column | string | lower] -%}
    {%- endfor -%}
    {{- return(at.errors) -}}
{%- endmacro -%}
