{% test expect_column_values_to_be_unique(model, column_name, row_condition=none) %}
    {{- dbt_expectations._repeated_rows(
        "expect_column_values_to_be_unique",
        model,
        [column_name],
        "all_values_are_missing",
        row_condition,
    ) }}
{% endtest %}
