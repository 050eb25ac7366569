{% test expect_column_quantile_values_to_be_between(
    model,
    column_name,
    quantile,
    min_value=none,
    max_value=none,
    group_by=none,
    row_condition=none,
    strictly=false
) %}
    {%- set test = "expect_column_quantile_values_to_be_between" -%}
    {%- set allowed = "a number from 0 to 1" -%}
    {%- do dbt_expectations._require_value(test, "quantile", allowed, quantile) -%}
    {%- if quantile is number and (quantile < 0 or quantile > 1) -%}
        {%- do dbt_expectations._expectation_error(test, "quantile", allowed, quantile) -%}
    {%- endif -%}
    {%- set measured = (
        "percentile_cont(" ~ quantile ~ ") within group (order by " ~ column_name ~ ")"
    ) -%}
    {{ dbt_expectations._unexpected_rows(
        test,
        model,
        dbt_expectations._within_bounds(test, measured, min_value, max_value, strictly),
        group_by=group_by,
        row_condition=row_condition,
    ) }}
{% endtest %}
