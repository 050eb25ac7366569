{#- A subquery of column names, one row each. -#}
{%- macro _column_names_sql(columns) -%}
(
        select
            unnest(
                [
                    {%- for column in columns %}
                    {{ feature_store._literal(column) }}{{ ',' if not loop.last }}
                    {%- endfor %}
                ]
            ) as column_name
    )
{%- endmacro -%}
