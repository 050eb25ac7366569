{#
    Stops dbt with one sentence: which test, which argument, what is allowed, what it got.
#}
{% macro _expectation_error(test, argument, allowed, got) %}
    {% if got is undefined %}
        {% set shown = "nothing" %}
    {% elif got is string %}
        {% set shown = "'" ~ got ~ "'" %}
    {% else %}
        {% set shown = got %}
    {% endif %}
    {{ exceptions.raise_compiler_error(
        test ~ ": argument " ~ argument ~ " must be " ~ allowed ~ "; got " ~ shown
    ) }}
{% endmacro %}
