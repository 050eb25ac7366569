{#
    Compares the type as dbt reports it, without regard to case; aliases are not resolved (int is
    not INTEGER). A column that the table does not have, or one whose name comes quoted, passes:
    so it does with the real package.
#}
{% test expect_column_values_to_be_of_type(model, column_name, column_type) %}
    {%- set test = "expect_column_values_to_be_of_type" -%}
    {%- do dbt_expectations._require_value(
        test, "column_type", "a type of DuckDB, such as DECIMAL(18,2)", column_type
    ) -%}
    {%- set columns = adapter.get_columns_in_relation(model) -%}
    {%- set other_types = [] -%}
    {%- for column in columns if column.name | upper == column_name | upper -%}
        {%- if column.dtype | upper != column_type | string | upper -%}
            {%- do other_types.append("'" ~ column.dtype | replace("'", "''") ~ "'") -%}
        {%- endif -%}
    {%- endfor -%}
-- {{ test }}: each row is a failure (macro of the dbt_expectations stand-in)
    {%- if columns %}
select actual_type
from unnest(cast([{{ other_types | join(", ") }}] as varchar[])) as types (actual_type)
    {%- else %}
-- The table is not built yet: compiling goes on, and running says that there is no such table.
select *
from {{ model }}
    {%- endif %}
{% endtest %}
