{#
    Refuses a datepart that DuckDB has no interval of.
#}
{% macro _require_datepart(test, datepart) %}
    {% set dateparts = {
        "microsecond": "microseconds",
        "millisecond": "milliseconds",
        "second": "seconds",
        "minute": "minutes",
        "hour": "hours",
        "day": "days",
        "week": "weeks",
        "month": "months",
        "quarter": "quarters",
        "year": "years",
        "decade": "decades",
        "century": "centuries",
        "millennium": "millennia",
    } %}
    {% set known = dateparts.keys() | list + dateparts.values() | list %}
    {% if datepart is undefined or datepart | string | lower not in known %}
        {{ dbt_expectations._expectation_error(
            test, "datepart", "one of " ~ dateparts | join(", ") ~ " or a plural", datepart
        ) }}
    {% endif %}
{% endmacro %}
