{#- SQL of the error in the type of a join's key column, null if there is none.

    what: the column's label in the error.
    given, wanted: SQL of the names of the two types.
    where: text after the wanted type in the error. -#}
{%- macro _key_type_error(what, given, wanted, where='') -%}
if(
    {{ given }} = '"NULL"'
    or {{ feature_store._are_comparable_keys(given, wanted) | indent(4) }},
    null,
    {{ feature_store._literal(what) }}
    || ' is of type '
    || left({{ given }}, 80)
    || '; '
    || left(lower({{ wanted }}), 80)
    || {{ feature_store._literal(' is allowed' ~ where ~ '. Cast one of the two') }}
)
{%- endmacro -%}

{#- SQL of whether keys of two types can be compared: only if that is exact for all values, and means
    the same. So it is for whole numbers of any width, for texts and enums, and for each type with
    itself; not for uhugeint, which DuckDB compares with other whole numbers as a double. -#}
{%- macro _are_comparable_keys(given, wanted) -%}
(
    {{ given }}
    = {{ wanted }}
    or regexp_full_match(
        {{ given }}
        || ' '
        || {{ wanted }},
        '((U?(TINYINT|SMALLINT|INTEGER|BIGINT)|HUGEINT) ?){2}'
        || '|(?s)((VARCHAR|ENUM[(].*[)]) ?){2}'
    )
)
{%- endmacro -%}
