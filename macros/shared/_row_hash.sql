{#- SQL of the hash of a row, whose sums over rows can be compared: sum() and count(*) of two tables
    are equal if they have the same rows, in any order, and (except for a collision of 64 bits) only
    then.

    All hashes are combined in this way in this project. DuckDB combines the hashes of columns by
    multiplication and xor, so that bit_xor(hash(a, b)) does not depend on b if an even number of
    rows has it. So the hash of a row is hashed again; and a sum counts copies, which would cancel
    out in a xor.

    values: list of expressions, each one column. -#}
{%- macro _row_hash(values) -%}
hash(hash(
    {%- for value in values %}
    {{ feature_store._value_hash(value) | indent(4) }}{{ ',' if not loop.last }}
    {%- endfor %}
))
{%- endmacro -%}
