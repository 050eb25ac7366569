{% test expect_column_values_to_be_between(
    model, column_name, min_value=none, max_value=none, row_condition=none, strictly=false
) %}
    {%- set test = "expect_column_values_to_be_between" -%}
    {{ dbt_expectations._unexpected_rows(
        test,
        model,
        dbt_expectations._within_bounds(test, column_name, min_value, max_value, strictly),
        row_condition=row_condition,
    ) }}
{% endtest %}
