{% test expect_column_pair_values_A_to_be_greater_than_B(
    model, column_A, column_B, or_equal=false, row_condition=none
) %}
    {%- set test = "expect_column_pair_values_A_to_be_greater_than_B" -%}
    {%- set allowed = "a column or an SQL expression" -%}
    {%- do dbt_expectations._require_value(test, "column_A", allowed, column_A) -%}
    {%- do dbt_expectations._require_value(test, "column_B", allowed, column_B) -%}
    {{ dbt_expectations._unexpected_rows(
        test,
        model,
        column_A ~ (" >= " if or_equal else " > ") ~ column_B,
        row_condition=row_condition,
    ) }}
{% endtest %}
