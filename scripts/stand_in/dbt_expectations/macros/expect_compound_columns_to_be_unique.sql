{% test expect_compound_columns_to_be_unique(
    model,
    column_list,
    quote_columns=false,
    ignore_row_if="all_values_are_missing",
    row_condition=none
) %}
    {%- set test = "expect_compound_columns_to_be_unique" -%}
    {%- do dbt_expectations._require_columns(test, "column_list", column_list) -%}
    {%- set columns = [] -%}
    {%- for column in column_list -%}
        {%- do columns.append(adapter.quote(column) if quote_columns else column) -%}
    {%- endfor -%}
    {{ dbt_expectations._repeated_rows(test, model, columns, ignore_row_if, row_condition) }}
{% endtest %}
