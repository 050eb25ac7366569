{#- The hash of a row, as SQL, of which sums over rows can be compared: sum() and count(*) of
    two tables are the same where they hold the same rows, in whatever order, and only then, but
    for a collision of 64 bits.

    This is the one way in which hashes are combined in this project. DuckDB combines the hashes
    of columns by multiplication and xor, so that bit_xor(hash(a, b)) does not depend on b where
    an even number of rows has it. So the hash of a row is hashed once more; and a sum counts
    copies, which cancel out in a xor.

    values: list of expressions, each one column. -#}
{%- macro _row_hash(values) -%}
hash(hash(
    {%- for value in values %}
    {{ feature_store._value_hash(value) | indent(4) }}{{ ',' if not loop.last }}
    {%- endfor %}
))
{%- endmacro -%}
