{#- The CTE fitted_rows, one row: the number of rows that are fitted, and their first and last time. -#}
{%- macro _fitted_rows_summary_sql(training_set, is_fitted, time) -%}
{%- set message = 'fitted_statistics: no row of ' ~ training_set -%}
fitted_rows as (

    select
        -- Rows, but none to fit on: probably the name of the split is wrong.
        if(
            count(*) > 0 and count(*) filter (where {{ is_fitted }}) = 0,
            error(
                {{ feature_store._literal(message) }}
                || {{ feature_store._literal(
                    ' has ' ~ is_fitted ~ '. Allowed: a split that has rows'
                ) }}
            ),
            count(*) filter (where {{ is_fitted }})
        ) as row_count,
        {%- for name, aggregate in [('fitted_from', 'min'), ('fitted_to', 'max')] %}
        {%- if time is none %}
        cast(null as timestamp) as {{ name }}{{ ',' if not loop.last }}
        {%- else %}
        cast(
            {{ aggregate }}({{ feature_store._quoted(time) }}) filter (where {{ is_fitted }})
            as timestamp
        ) as {{ name }}{{ ',' if not loop.last }}
        {%- endif %}
        {%- endfor %}
    from {{ training_set }}

),
{%- endmacro -%}
