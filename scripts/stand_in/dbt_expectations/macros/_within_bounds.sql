{#
    Returns the condition that `measured` lies between the bounds; either bound may be left out.
    A bound is any SQL expression. Null compared with a bound is null, which is no failure.
#}
{% macro _within_bounds(test, measured, min_value, max_value, strictly) %}
    {% if min_value is none and max_value is none %}
        {{ exceptions.raise_compiler_error(
            test ~ ": of the arguments min_value and max_value at least one must be given,"
            ~ " a number or an SQL expression; got neither"
        ) }}
    {% endif %}

    {% set comparisons = [] %}
    {% for argument, operator, bound in [
        ("min_value", ">", min_value),
        ("max_value", "<", max_value),
    ] %}
        {% if bound is not none %}
            {% do dbt_expectations._require_value(
                test, argument, "a number or an SQL expression", bound
            ) %}
            {% set operator = operator if strictly else operator ~ "=" %}
            {% do comparisons.append(measured ~ " " ~ operator ~ " " ~ bound) %}
        {% endif %}
    {% endfor %}
    {% do return(comparisons | join(" and ")) %}
{% endmacro %}
