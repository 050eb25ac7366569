{#
    Selects the rows, or with `group_by` the groups, for which the condition `expected` is false.
    A condition that is null is no failure: this is how nulls pass every comparison.

    The condition is computed in the select list and filtered one level up, so that it may hold an
    aggregate or a window function.
#}
{% macro _unexpected_rows(test, model, expected, group_by=none, row_condition=none) -%}
    {%- if group_by -%}
        {%- do dbt_expectations._require_columns(test, "group_by", group_by) -%}
    {%- endif -%}
-- {{ test }}: each row is a failure (macro of the dbt_expectations stand-in)
with judged as (

    select
        {%- for expression in group_by or [] %}
        {{ expression }} as group_{{ loop.index }},
        {%- endfor %}
        {{ expected }} as is_expected
    from {{ model }}
    {%- if row_condition %}
    where {{ row_condition }}
    {%- endif %}
    {%- if group_by %}
    group by
        {%- for expression in group_by %}
        {{ expression }}{{ "," if not loop.last }}
        {%- endfor %}
    {%- endif %}

)

select *
from judged
where not is_expected
{%- endmacro %}
