{#
    A null is in no set: it fails, unless row_condition leaves it out.

    Values are compared as text that DuckDB casts to the column's type, or with quote_values false
    as the SQL they are. A quoted value stands between single quotes as it is: double those
    within it.
#}
{% test expect_column_values_to_be_in_set(
    model, column_name, value_set, quote_values=true, row_condition=none
) %}
    {%- set test = "expect_column_values_to_be_in_set" -%}
    {%- if value_set is undefined or not value_set or value_set is not iterable -%}
        {%- do dbt_expectations._expectation_error(
            test, "value_set", "a list of at least one value", value_set
        ) -%}
    {%- endif -%}
-- {{ test }}: each row is a failure (macro of the dbt_expectations stand-in)
with allowed as (

    {%- for value in value_set %}
    {{ "union all " if not loop.first }}select
        {{ "cast('" ~ value ~ "' as varchar)" if quote_values else value }} as allowed_value
    {%- endfor %}

),

judged as (

    select {{ column_name }} as judged_value
    from {{ model }}
    {%- if row_condition %}
    where {{ row_condition }}
    {%- endif %}

)

select judged_value
from judged
where not exists (
    select 1
    from allowed
    where allowed.allowed_value = judged.judged_value
)
{% endtest %}
