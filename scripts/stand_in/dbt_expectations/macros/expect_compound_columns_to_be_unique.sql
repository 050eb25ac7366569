{#
    Each failure is a combination of columns that occurs in more than one row. `ignore_row_if` says
    which rows are left out: those whose columns are all null, or those with any null.

    The row condition is not put in parentheses, so an `or` in it binds as it does in the real
    package.
#}
{% test expect_compound_columns_to_be_unique(
    model,
    column_list,
    quote_columns=false,
    ignore_row_if="all_values_are_missing",
    row_condition=none
) %}
    {%- set test = "expect_compound_columns_to_be_unique" -%}
    {%- do dbt_expectations._require_columns(test, "column_list", column_list) -%}
    {%- set joined_by = {"all_values_are_missing": " or ", "any_value_is_missing": " and "} -%}
    {%- if ignore_row_if not in joined_by -%}
        {%- do dbt_expectations._expectation_error(
            test, "ignore_row_if", "one of " ~ joined_by | join(", "), ignore_row_if
        ) -%}
    {%- endif -%}
    {%- set columns = [] -%}
    {%- set present = [] -%}
    {%- for column in column_list -%}
        {%- do columns.append(adapter.quote(column) if quote_columns else column) -%}
        {%- do present.append(columns[-1] ~ " is not null") -%}
    {%- endfor -%}
-- {{ test }}: each row is a failure (macro of the dbt_expectations stand-in)
select
    {%- for column in columns %}
    {{ column }},
    {%- endfor %}
    count(*) as n_rows_alike
from {{ model }}
where
    {% if row_condition %}{{ row_condition }} and {% endif %}
    {{- "(" ~ present | join(joined_by[ignore_row_if]) ~ ")" }}
group by
    {%- for column in columns %}
    {{ column }}{{ "," if not loop.last }}
    {%- endfor %}
having count(*) > 1
{% endtest %}
