{% test expect_column_mean_to_be_between(
    model,
    column_name,
    min_value=none,
    max_value=none,
    group_by=none,
    row_condition=none,
    strictly=false
) %}
    {%- set test = "expect_column_mean_to_be_between" -%}
    {%- set measured = "avg(" ~ column_name ~ ")" -%}
    {{ dbt_expectations._unexpected_rows(
        test,
        model,
        dbt_expectations._within_bounds(test, measured, min_value, max_value, strictly),
        group_by=group_by,
        row_condition=row_condition,
    ) }}
{% endtest %}
