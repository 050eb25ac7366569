{#
    Refuses an argument that was left out, or that a YAML key without a value made null.
#}
{% macro _require_value(test, argument, allowed, value) %}
    {% if value is undefined or value is none or (value is string and not value | trim) %}
        {{ dbt_expectations._expectation_error(test, argument, allowed, value) }}
    {% endif %}
{% endmacro %}
