{#- SQL of a fitted statistic of a column: a scalar subquery, which ends the query with an error if
    the table has no such column of that kind (it would be null otherwise).

    caller_name: the macro that is named in errors.
    column: the column.
    statistics: the table, made by fitted_statistics().
    kind: numeric or categorical.
    aggregate: SQL of the statistic over the column's rows, whose alias is fitted. -#}
{%- macro _fitted_statistic(caller_name, column, statistics, kind, aggregate) -%}
{%- set errors = [] -%}
{%- if column is not string or not column or '\n' in column -%}
    {%- set errors = [
        'column: a column name of one line is allowed; got ' ~ (column or 'an empty text')
    ] -%}
{%- endif -%}
{%- if not statistics -%}
    {%- set errors = errors + [
        "statistics: a relation made by fitted_statistics() is allowed; got " ~ statistics
    ] -%}
{%- endif -%}
{{- feature_store._raise_errors(caller_name, errors) -}}
{%- set missing = ' has not exactly one row of the ' ~ kind ~ ' column ' ~ column -%}
{%- set allowed = '. Allowed: a column that is listed in fitted_statistics(' ~ kind ~ '=[...])' -%}
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
