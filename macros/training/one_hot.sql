{%- macro one_hot(column, statistics, categories=none, value=none) -%}
{%- set fitted = feature_store._fitted_category_list('one_hot', column, statistics) -%}
{%- set encoded = feature_store._value_to_encode('one_hot', column, value, 'categorical') -%}
{%- if categories is none -%}
{#- A list of one struct, so that the lambdas need no column and no subquery. The list of the fitted
    categories ends with a null, which stands for all other categories. -#}
list_transform(
    [
        {
            'fitted': {{ fitted | indent(12) }},
            'category': {{ encoded }}
        }
    ],
    lambda given: list_transform(
        given.fitted,
        lambda fitted: coalesce(
            cast(
                if(
                    fitted is null,
                    not list_contains(given.fitted, given.category),
                    fitted = given.category
                ) as integer
            ),
            0
        )
    )
)[1]
{%- else -%}
{%- set columns = feature_store._one_hot_columns(column, categories) -%}
{%- set texts = [] -%}
{%- for name, category in columns.items() %}
{%- set text = feature_store._literal(category) -%}
{%- set _ = texts.append(text) -%}
coalesce(
    cast(
        {{ encoded }} = {{ text }}
        and list_contains(
            {{ fitted | indent(12) }},
            {{ text }}
        ) as integer
    ),
    0
) as {{ feature_store._quoted(name) }},
{% endfor -%}
coalesce(
    cast(
        not (
            {{ encoded }} in ({{ texts | join(', ') }})
            and list_contains(
                {{ fitted | indent(16) }},
                {{ encoded }}
            )
        ) as integer
    ),
    0
) as {{ feature_store._quoted(column ~ '_is_other') }}
{%- endif -%}
{%- endmacro -%}
