{#- SQL of the value that is encoded, in the type that is fitted: a double, or the text of a category.
    A value of a type that is not allowed ends the query with an error: as a text, a double 7.0 is
    another category than an integer 7. -#}
{%- macro _value_to_encode(caller_name, column, value, kind) -%}
{%- set encoded = feature_store._encoded_value(column, value) -%}
if(
    regexp_full_match(typeof({{ encoded }}), {{ feature_store._fitted_type_pattern(kind) }}),
    cast({{ encoded }} as {{ 'double' if kind == 'numeric' else 'varchar' }}),
    error(
        {{ feature_store._literal(caller_name ~ ': column ' ~ column) }}
        || ': {{ feature_store._fitted_type_names(kind) }} are allowed; got '
        || typeof({{ encoded }})
    )
)
{%- endmacro -%}

{#- The SQL of the value that is encoded: the column itself, unless other SQL is given. -#}
{%- macro _encoded_value(column, value) -%}
    {{- return(feature_store._quoted(column) if value is none else '(' ~ value ~ ')') -}}
{%- endmacro -%}

{#- A regular expression, as SQL, of the types that can be fitted. "NULL" is the type of a null that
    has no other. -#}
{%- macro _fitted_type_pattern(kind) -%}
'{{ 'DECIMAL.*|FLOAT|DOUBLE' if kind == 'numeric' else '(?s)VARCHAR|ENUM.*|DATE|UUID' -}}
|BOOLEAN|"NULL"|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER'
{%- endmacro -%}

{#- The types that can be fitted, for errors. -#}
{%- macro _fitted_type_names(kind) -%}
{{ 'numbers and booleans' if kind == 'numeric'
    else 'texts, enums, whole numbers, booleans, dates and uuids' }}
{%- endmacro -%}
