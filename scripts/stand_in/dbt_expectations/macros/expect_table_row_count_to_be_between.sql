{% test expect_table_row_count_to_be_between(
    model, min_value=none, max_value=none, group_by=none, row_condition=none, strictly=false
) %}
    {%- set test = "expect_table_row_count_to_be_between" -%}
    {{ dbt_expectations._unexpected_rows(
        test,
        model,
        dbt_expectations._within_bounds(test, "count(*)", min_value, max_value, strictly),
        group_by=group_by,
        row_condition=row_condition,
    ) }}
{% endtest %}
