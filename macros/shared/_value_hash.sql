{#- SQL of the hash of one value: different values of a type have different hashes, except for a
    collision of 64 bits.

    DuckDB's own hash() does not separate all values of types with parts: it is 0 for -1 and for 0
    as hugeint or as a decimal of more than 18 digits, and equal for [0, 5] and [5], for an empty
    list and null, for 1 month and 30 days. Values of such types are hashed as JSON, which separates
    them. typeof() of a column is a constant, so DuckDB keeps one branch and decides nothing per
    row. scripts/feature_store/warehouse/row_hash.py writes the same SQL; see
    docs/decisions/row_hashes.md.

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

{#- A regular expression of the types that hash() treats as one number or one string of bytes. -#}
{%- macro _directly_hashed_types() -%}
(U?(TINY|SMALL|BIG)INT|U?INTEGER|DECIMAL\((1[0-8]|[1-9]),[0-9]+\)|BOOLEAN|VARCHAR|BLOB|DATE|TIME|TIMESTAMP.*)
{%- endmacro -%}
