{%- macro fitted_statistics(
    training_set, numeric=[], categorical=[], split='split', fitted_on='train', time=none
) -%}
    {{- feature_store._raise_errors('fitted_statistics', feature_store._fitted_errors(
        training_set, numeric, categorical, split, fitted_on, time
    )) -}}
    {%- set is_fitted = feature_store._quoted(split) ~ ' = ' ~ feature_store._literal(fitted_on) -%}
-- Made by fitted_statistics(), from the rows of one split.
-- Grain: one row per column (category is null) and per category of a categorical column.
with

fitted as (

    select *
    from {{ training_set }}
    where {{ is_fitted }}

),

{{ feature_store._fitted_rows_summary_sql(training_set, is_fitted, time) }}

{% if numeric -%}
{{ feature_store._fitted_numbers_sql(numeric) }}

{% endif -%}
{% if categorical -%}
{{ feature_store._fitted_categories_sql(categorical) }}

{% endif -%}
{{ feature_store._fitted_result_sql(numeric, categorical, fitted_on) }}
{%- endmacro -%}
