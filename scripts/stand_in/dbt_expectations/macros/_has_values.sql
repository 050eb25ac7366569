{#
    Returns the condition that a row takes part in a test of uniqueness. `ignore_row_if` says which
    rows do not: those whose columns are all null, or those with any null.
#}
{% macro _has_values(test, columns, ignore_row_if) %}
    {% set joined_by = {"all_values_are_missing": " or ", "any_value_is_missing": " and "} %}
    {% if ignore_row_if not in joined_by %}
        {{ dbt_expectations._expectation_error(
            test, "ignore_row_if", "one of " ~ joined_by | join(", "), ignore_row_if
        ) }}
    {% endif %}
    {% set present = [] %}
    {% for column in columns %}
        {% do present.append(column ~ " is not null") %}
    {% endfor %}
    {% do return("(" ~ present | join(joined_by[ignore_row_if]) ~ ")") %}
{% endmacro %}
