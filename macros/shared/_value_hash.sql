{#- The hash of one value, as SQL: other values of a type have other hashes, but for a collision
    of 64 bits.

    DuckDB's own hash() is not enough where a type has parts: it is 0 for -1 and for 0 as
    hugeint or as a decimal of more than 18 digits, the same for [0, 5] and [5], for an empty
    list and null, for 1 month and 30 days. Values of such types are hashed as JSON, which tells
    them apart. typeof() of a column is a constant, so DuckDB keeps one of the branches and
    nothing is decided row by row. scripts/feature_store/warehouse/row_hash.py writes the same SQL;
    docs/decisions/row_hashes.md says why.

    value: an expression; columns(…) makes one hash a column. -#}
{%- macro _value_hash(value) -%}
case
    when regexp_full_match(typeof({{ value }}), '{{ feature_store._directly_hashed_types() }}')
        then hash({{ value }})
    when typeof({{ value }}) in ('FLOAT', 'DOUBLE')
        then hash({{ value }}, {{ value }} = 0 and signbit(try_cast({{ value }} as double)))
    else hash(cast(to_json({{ value }}) as varchar))
end
{%- endmacro -%}

{#- The types, as a regular expression, that are one number or one run of bytes to hash(). -#}
{%- macro _directly_hashed_types() -%}
(U?(TINY|SMALL|BIG)INT|U?INTEGER|DECIMAL\((1[0-8]|[1-9]),[0-9]+\)|BOOLEAN|VARCHAR|BLOB|DATE|TIME|TIMESTAMP.*)
{%- endmacro -%}
