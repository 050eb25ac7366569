{#- SQL of a number's distance from the fitted mean, in fitted standard deviations (of the
    population).

    Null stays null. A column that was constant when it was fitted gives 0.0 for every number;
    one that had no value then gives null.

    column: the column.
    statistics: relation made by fitted_statistics(), with the column in numeric.
    value: SQL to encode in the column's place, such as imputed(column, statistics). -#}
{%- macro standardized(column, statistics, value=none) -%}
{%- set mean = feature_store._statistic(
    'standardized', column, statistics, 'numeric', 'any_value(fitted.mean)'
) -%}
{#- Dividing by infinity gives 0.0 or -0.0; adding 0.0 makes them one. -#}
{%- set deviation = feature_store._statistic(
    'standardized', column, statistics, 'numeric',
    "any_value(if(fitted.standard_deviation = 0, cast('infinity' as double), "
    ~ 'fitted.standard_deviation))'
) -%}
(
    (
        {{ feature_store._fitted_value('standardized', column, value, 'numeric') | indent(8) }}
        - {{ mean | indent(8) }}
    ) / {{ deviation | indent(4) }} + 0.0
)
{%- endmacro -%}
