{#- SQL of the list of a column's fitted categories, in the order of their ranks; then a null. -#}
{%- macro _fitted_category_list(caller_name, column, statistics) -%}
    {{- feature_store._fitted_statistic(caller_name, column, statistics, 'categorical',
        'list(fitted.category order by fitted.category_rank nulls last)') -}}
{%- endmacro -%}
