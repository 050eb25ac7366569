{#- The last query of a table of fitted statistics: its columns, and its rows in their order. -#}
{%- macro _fitted_result_sql(numeric, categorical, fitted_on) -%}
statistics as (
{% if numeric %}
    select * from number_rows
{% endif %}
{%- if numeric and categorical %}
    union all by name
{% endif %}
{%- if categorical %}
    select
        *,
        cast(null as double) as mean,
        cast(null as double) as standard_deviation,
        cast(null as double) as median
    from category_rows
{% endif %}
)

select
    statistics.column_name,
    statistics.kind,
    statistics.category,
    statistics.category_rank,
    statistics.mean,
    statistics.standard_deviation,
    statistics.median,
    statistics.most_frequent,
    statistics.row_count,
    statistics.null_count,
    cast({{ feature_store._literal(fitted_on) }} as varchar) as fitted_on,
    fitted_rows.fitted_from,
    fitted_rows.fitted_to
from statistics
cross join fitted_rows
order by
    statistics.column_name,
    statistics.category_rank nulls first
{%- endmacro -%}
