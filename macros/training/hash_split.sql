{#- MD5, because DuckDB's own hash() may change from one version to the next. -#}
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
    {%- for key in entity -%}{%- do values.append(feature_store._hash_split_key(key)) -%}{%- endfor -%}
case
    {%- for split, below in [('train', train), ('validation', train + validation)] %}
    when
        cast(
            '0x' || left(
                md5(
                    {{ feature_store._composite_key_text(values) | indent(20) }}
                ),
                15
            ) as bigint
        ) % 100 < {{ below }}
        then '{{ split }}'
    {%- endfor %}
    else 'test'
end
{%- endmacro -%}
