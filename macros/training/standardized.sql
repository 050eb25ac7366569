{%- macro standardized(column, statistics, value=none) -%}
{%- set mean = feature_store._fitted_statistic(
    'standardized', column, statistics, 'numeric', 'any_value(fitted.mean)'
) -%}
{#- Dividing by infinity gives 0.0 or -0.0; adding 0.0 makes them one. -#}
{%- set deviation = feature_store._fitted_statistic(
    'standardized', column, statistics, 'numeric',
    "any_value(if(fitted.standard_deviation = 0, cast('infinity' as double), "
    ~ 'fitted.standard_deviation))'
) -%}
(
    (
        {{ feature_store._value_to_encode('standardized', column, value, 'numeric') | indent(8) }}
        - {{ mean | indent(8) }}
    ) / {{ deviation | indent(4) }} + 0.0
)
{%- endmacro -%}
