{#
    Returns the present time, without a zone, as the clock of the project's zone shows it; the
    session is taken to run on UTC. The zone is the variable that the real package reads too.
#}
{% macro _current_timestamp(test) %}
    {% set zone = var("dbt_date:time_zone", none) %}
    {% if not zone and execute %}
        {{ exceptions.raise_compiler_error(
            test ~ ": the variable dbt_date:time_zone must name a time zone, such as UTC;"
            ~ " set it in dbt_project.yml under vars"
        ) }}
    {% endif %}
    {% do return(
        "cast(cast(" ~ dbt.current_timestamp() | trim ~ " as timestamp)"
        ~ " at time zone 'UTC' at time zone '" ~ zone ~ "' as timestamp)"
    ) %}
{% endmacro %}
