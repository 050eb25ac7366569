{%- macro imputed(column, statistics, with='median', value=none) -%}
{%- set kinds = {'median': 'numeric', 'mean': 'numeric', 'most_frequent': 'categorical'} -%}
{%- if with not in kinds -%}
    {{- feature_store._raise_errors('imputed', [
        'with: median, mean or most_frequent is allowed; got ' ~ with
    ]) -}}
{%- endif -%}
{%- set replacement = feature_store._fitted_statistic(
    'imputed', column, statistics, kinds[with], 'any_value(fitted.' ~ with ~ ')'
) -%}
coalesce(
    {{ feature_store._value_to_encode('imputed', column, value, kinds[with]) | indent(4) }},
    {{ replacement | indent(4) }}
)
{%- endmacro -%}
