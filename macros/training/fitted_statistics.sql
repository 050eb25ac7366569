{#- The whole SQL of a table of fitted statistics: what standardized(), imputed(), ordinal() and
    one_hot() apply, taken from the rows of one split only.

    Each column has a row of its own (category is null), and a categorical column one more for each
    category. Sums are taken in the order of the values, so the table is the same bit for bit
    whatever the order of the rows and the number of threads.

    training_set: relation with the columns and the split.
    numeric: columns of numbers or booleans (1 and 0), taken as doubles.
    categorical: columns of text, whole numbers, booleans, dates or enums, taken as text.
    split: the column that holds the split.
    fitted_on: the split whose rows count.
    time: a time column, for fitted_from and fitted_to; without it they are null. -#}
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

{{ feature_store._fitted_rows_sql(training_set, is_fitted, time) }}

{% if numeric -%}
{{ feature_store._fitted_numbers_sql(numeric) }}

{% endif -%}
{% if categorical -%}
{{ feature_store._fitted_categories_sql(categorical) }}

{% endif -%}
{{ feature_store._fitted_table_sql(numeric, categorical, fitted_on) }}
{%- endmacro -%}
