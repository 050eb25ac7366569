{#- SQL of one text for several values, different for different values: each as text, joined with `|`,
    where `%` is written %25, `|` is written %7C, and null %null.

    values: list of expressions. -#}
{%- macro _composite_key_text(values) -%}
concat_ws(
    '|'
    {%- for value in values %},
    coalesce(
        replace(
            replace(
                cast(
                    {{ value | indent(20) }}
                    as varchar
                ),
                '%',
                '%25'
            ),
            '|',
            '%7C'
        ),
        '%null'
    )
    {%- endfor %}
)
{%- endmacro -%}
