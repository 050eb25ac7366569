{#- SQL of what a table of fitted statistics says of a column: a scalar subquery, which ends the
    query with an error where the table has no such column of that kind (without it, it would be
    null).

    caller_name: the macro that asks.
    column: the column.
    statistics: the table, made by fitted_statistics().
    kind: numeric or categorical.
    aggregate: SQL that takes the answer from the column's rows, which are named fitted. -#}
{%- macro _fitted_statistic(caller_name, column, statistics, kind, aggregate) -%}
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
