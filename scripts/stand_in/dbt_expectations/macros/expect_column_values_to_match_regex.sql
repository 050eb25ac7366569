{#
    DuckDB has no raw strings of its own, so is_raw changes nothing; it is taken because the real
    package takes it. The regex stands between single quotes as it is: double those within it.
#}
{% test expect_column_values_to_match_regex(
    model, column_name, regex, row_condition=none, is_raw=false, flags=""
) %}
    {%- set test = "expect_column_values_to_match_regex" -%}
    {%- if regex is undefined or regex is none -%}
        {%- do dbt_expectations._expectation_error(
            test, "regex", "a regular expression (RE2)", regex
        ) -%}
    {%- endif -%}
    {%- set unknown = flags | string | reject("in", "cilmnps ") | list -%}
    {%- if unknown -%}
        {%- do dbt_expectations._expectation_error(
            test, "flags", "made of DuckDB's options c, i, l, m, n, p and s", flags
        ) -%}
    {%- endif -%}
    {{ dbt_expectations._unexpected_rows(
        test,
        model,
        "regexp_matches(" ~ column_name ~ ", '" ~ regex ~ "', '" ~ flags ~ "')",
        row_condition=row_condition,
    ) }}
{% endtest %}
