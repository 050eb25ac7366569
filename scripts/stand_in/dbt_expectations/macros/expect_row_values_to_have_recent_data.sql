{#
    The newest row that is not in the future must be at most `interval` dateparts old. Without any
    such row the test fails: the newest time then counts as 1970-01-01.

    The row condition is not put in parentheses, as in _repeated_rows.
#}
{% test expect_row_values_to_have_recent_data(
    model, column_name, datepart, interval, row_condition=none
) %}
    {%- set test = "expect_row_values_to_have_recent_data" -%}
    {%- do dbt_expectations._require_datepart(test, datepart) -%}
    {%- if interval is not number -%}
        {%- do dbt_expectations._expectation_error(
            test, "interval", "a number of dateparts", interval
        ) -%}
    {%- endif -%}
    {%- set now = dbt_expectations._current_timestamp(test) -%}
    {%- set event_time = "cast(" ~ column_name ~ " as timestamp)" -%}
-- {{ test }}: each row is a failure (macro of the dbt_expectations stand-in)
with newest as (

    select coalesce(max({{ event_time }}), timestamp '1970-01-01') as newest_time
    from {{ model }}
    where {{ event_time }} <= {{ now }}{{ " and " ~ row_condition if row_condition }}

)

select newest_time
from newest
where newest_time < cast({{ dbt.dateadd(datepart, -1 * interval, now) | trim }} as timestamp)
{% endtest %}
