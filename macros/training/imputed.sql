{#- SQL of a value or, where it is null, of a fitted one.

    column: the column.
    statistics: relation made by fitted_statistics(), with the column in numeric for the median or
        the mean, in categorical for the most frequent category.
    with: median, mean (both give a double) or most_frequent (gives text).
    value: SQL to encode in the column's place. -#}
{%- macro imputed(column, statistics, with='median', value=none) -%}
{%- set kinds = {'median': 'numeric', 'mean': 'numeric', 'most_frequent': 'categorical'} -%}
{%- if with not in kinds -%}
    {{- feature_store._raise_errors('imputed', [
        'with: median, mean or most_frequent is allowed; got ' ~ with
    ]) -}}
{%- endif -%}
{%- set replacement = feature_store._statistic(
    'imputed', column, statistics, kinds[with], 'any_value(fitted.' ~ with ~ ')'
) -%}
coalesce(
    {{ feature_store._fitted_value('imputed', column, value, kinds[with]) | indent(4) }},
    {{ replacement | indent(4) }}
)
{%- endmacro -%}
