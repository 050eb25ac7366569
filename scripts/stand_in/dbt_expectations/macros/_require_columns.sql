{#
    Refuses what is no list of columns. Jinja walks through a string letter by letter, so a name
    of one letter is a list of one column, and every longer name is a mistake.
#}
{% macro _require_columns(test, argument, value) %}
    {% if value is undefined or not value or value is not iterable
        or (value is string and value | length > 1) %}
        {{ dbt_expectations._expectation_error(
            test, argument, "a list of columns, such as [customer_id, ordered_at]", value
        ) }}
    {% endif %}
{% endmacro %}
