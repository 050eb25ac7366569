{#
    Selects the combinations of columns that occur in more than one row.

    The row condition is not put in parentheses, so an `or` in it binds as it does in the real
    package: whoever writes one puts the parentheses.
#}
{% macro _repeated_rows(test, model, columns, ignore_row_if, row_condition) -%}
-- {{ test }}: each row is a failure (macro of the dbt_expectations stand-in)
select
    {%- for column in columns %}
    {{ column }},
    {%- endfor %}
    count(*) as n_rows_alike
from {{ model }}
where
    {% if row_condition %}{{ row_condition }} and {% endif %}
    {{- dbt_expectations._has_values(test, columns, ignore_row_if) }}
group by
    {%- for column in columns %}
    {{ column }}{{ "," if not loop.last }}
    {%- endfor %}
having count(*) > 1
{%- endmacro %}
