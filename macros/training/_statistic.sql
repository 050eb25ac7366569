{#- SQL of what a table of fitted statistics says of a column: a scalar subquery, which ends the
    query with an error where the table has no such column of that kind (without it, it would be
    null).

    caller_name: the macro that asks.
    column: the column.
    statistics: the table, made by fitted_statistics().
    kind: numeric or categorical.
    aggregate: SQL that takes the answer from the column's rows, which are named fitted. -#}
{%- macro _statistic(caller_name, column, statistics, kind, aggregate) -%}
{%- set errors = [] -%}
{%- if column is not string or not column or '\n' in column -%}
    {%- set errors = ['column: a column name of one line is allowed; got ' ~ (column or 'an empty text')] -%}
{%- endif -%}
{%- if not statistics -%}
    {%- set errors = errors + [
        "statistics: a relation made by fitted_statistics() is allowed; got " ~ statistics
    ] -%}
{%- endif -%}
{{- feature_store._raise_errors(caller_name, errors) -}}
{%- set missing = ' has no one ' ~ kind ~ ' column ' ~ column -%}
{%- set allowed = '. Allowed: a column that fitted_statistics(' ~ kind ~ '=[...]) made it of' -%}
(
    select
        if(
            count(*) filter (where fitted.category is null) = 1,
            {{ aggregate }},
            error(
                {{ feature_store._literal(caller_name ~ ': ' ~ statistics) }}
                || {{ feature_store._literal(missing) }}
                || {{ feature_store._literal(allowed) }}
            )
        )
    from {{ statistics }} as fitted
    where
        fitted.column_name = {{ feature_store._literal(column) }}
        and fitted.kind = '{{ kind }}'
)
{%- endmacro -%}

{#- The SQL of the value that is encoded: the column itself, unless other SQL is given. -#}
{%- macro _encoded_value(column, value) -%}
    {{- return(feature_store._quoted(column) if value is none else '(' ~ value ~ ')') -}}
{%- endmacro -%}

{#- SQL of that value as it was fitted, a double or the text of a category. One of another kind
    of type ends the query with an error: as a text, a double 7.0 is another category than an
    integer 7. -#}
{%- macro _fitted_value(caller_name, column, value, kind) -%}
{%- set encoded = feature_store._encoded_value(column, value) -%}
if(
    regexp_full_match(typeof({{ encoded }}), {{ feature_store._fitted_types(kind) }}),
    cast({{ encoded }} as {{ 'double' if kind == 'numeric' else 'varchar' }}),
    error(
        {{ feature_store._literal(caller_name ~ ': column ' ~ column) }}
        || ': {{ feature_store._allowed_to_fit(kind) }} are allowed; got '
        || typeof({{ encoded }})
    )
)
{%- endmacro -%}

{#- A pattern of the types that can be fitted, as SQL. The type of a null is "NULL" where it has
    none. -#}
{%- macro _fitted_types(kind) -%}
'{{ 'DECIMAL.*|FLOAT|DOUBLE' if kind == 'numeric' else '(?s)VARCHAR|ENUM.*|DATE|UUID' -}}
|BOOLEAN|"NULL"|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER'
{%- endmacro -%}

{#- The same for people. -#}
{%- macro _allowed_to_fit(kind) -%}
{{ 'numbers and booleans' if kind == 'numeric'
    else 'texts, enums, whole numbers, booleans, dates and uuids' }}
{%- endmacro -%}

{#- SQL of the list of a column's fitted categories, in the order of their ranks; then a null. -#}
{%- macro _fitted_category_list(caller_name, column, statistics) -%}
    {{- feature_store._statistic(caller_name, column, statistics, 'categorical',
        'list(fitted.category order by fitted.category_rank nulls last)') -}}
{%- endmacro -%}
