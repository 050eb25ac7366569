{%- macro ordinal(column, statistics, unseen=-1, value=none) -%}
{%- if unseen is not none and unseen is not integer -%}
    {{- feature_store._raise_errors('ordinal', [
        'unseen: a whole number or none is allowed; got ' ~ unseen
    ]) -}}
{%- endif -%}
{%- set fitted = feature_store._fitted_category_list('ordinal', column, statistics) -%}
{%- set encoded = feature_store._encoded_value(column, value) -%}
case
    when {{ encoded }} is null then cast(null as integer)
    else coalesce(
        list_position(
            {{ fitted | indent(12) }},
            {{ feature_store._value_to_encode('ordinal', column, value, 'categorical') | indent(12) }}
        ) - 1,
        {{ 'null' if unseen is none else unseen }}
    )
end
{%- endmacro -%}
