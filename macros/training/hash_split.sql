{#- SQL of a row's split by its entity: 'train', 'validation' or 'test', for all rows of an
    entity alike, whatever the order of the rows, the threads and the version of DuckDB.

    The text `<seed>|<key>|<key>…` is hashed with MD5; the first 15 hex digits of the hash,
    modulo 100, are the entity's bucket, and the shares cut the buckets in order. In a key `%`
    is written %25 and `|` is written %7C, so that no two entities have one text; a null key is
    written %null. Keys are of types in which an entity has one text: a double 7.0 would be
    another entity than an integer 7.

    entity: the key columns.
    train, validation, test: whole per cents, 100 together.
    seed: a whole number; another one deals the entities out anew. -#}
{%- macro hash_split(entity, train=80, validation=10, test=10, seed=0) -%}
    {%- set at = namespace(errors=feature_store._column_list_errors('entity', entity)) -%}
    {%- set shares = {'train': train, 'validation': validation, 'test': test} -%}
    {%- for name, share in shares.items() -%}
        {%- if share is not integer or share < 0 or share > 100 -%}
            {%- set at.errors = at.errors + [
                name ~ ': a whole per cent from 0 to 100 is allowed; got ' ~ share
            ] -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if shares.values() | select('integer') | list | length == 3
        and shares.values() | sum != 100 -%}
        {%- set at.errors = at.errors + [
            'train, validation, test: whole per cents that add up to 100 are allowed; got '
            ~ shares.values() | join(' + ') ~ ' = ' ~ shares.values() | sum
        ] -%}
    {%- endif -%}
    {%- if seed is not integer -%}
        {%- set at.errors = at.errors + ['seed: a whole number is allowed; got ' ~ seed] -%}
    {%- endif -%}
    {{- feature_store._raise_errors('hash_split', at.errors) -}}
{%- set values = ["'" ~ seed ~ "'"] -%}
    {%- for key in entity -%}{%- do values.append(feature_store._split_text(key)) -%}{%- endfor -%}
case
    {%- for split, below in [('train', train), ('validation', train + validation)] %}
    when
        cast(
            '0x' || left(
                md5(
                    {{ feature_store._joined_values(values) | indent(20) }}
                ),
                15
            ) as bigint
        ) % 100 < {{ below }}
        then '{{ split }}'
    {%- endfor %}
    else 'test'
end
{%- endmacro -%}
