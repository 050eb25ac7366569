{#- SQL of what is wrong with the type of a join's key column, null where nothing is.

    what: the column, as a person calls it.
    given, wanted: SQL of the two types' names.
    where: what is said of the wanted type. -#}
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

{#- SQL of whether keys of two types are compared: only where that is exact for all values, and
    means the same. These are whole numbers of any width with each other, texts and enums, and
    each type with itself.

    Not so a uhugeint, which DuckDB compares with other whole numbers as a double. -#}
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
