{#- SQL of a key as text; a key of a type in which a value may have several texts ends the query with
    an error. -#}
{%- macro _hash_split_key(key) -%}
{%- set quoted = feature_store._quoted(key) -%}
if(
    regexp_full_match(
        typeof({{ quoted }}),
        'U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER'
        || '|DECIMAL[(][0-9]+,0[)]|(?s)VARCHAR'
        || '|ENUM.*|BOOLEAN|DATE|UUID|"NULL"'
    ),
    cast({{ quoted }} as varchar),
    error(
        {{ feature_store._literal('hash_split: column ' ~ key) }}
        || ' is of type '
        || typeof({{ quoted }})
        || '; a whole number, text, enum, '
        || 'boolean, date or uuid is allowed'
    )
)
{%- endmacro -%}
