{#- The errors in `derived`: in the mapping, its names and its expressions. -#}
{%- macro _derived_errors(declaration) -%}
    {%- if 'derived' not in declaration -%}{{- return([]) -}}{%- endif -%}
    {%- set derived = declaration.derived -%}
    {%- if derived is not mapping -%}
        {{- return(['derived: a mapping of column to expression is allowed; got ' ~ derived]) -}}
    {%- endif -%}
    {%- set errors = [] -%}
    {%- for name, expression in derived.items() -%}
        {%- if not modules.re.fullmatch('[a-z][a-z0-9_]*', name | string) -%}
            {%- do errors.append(
                'derived.' ~ name ~ ': lower case letters, digits and _ are allowed in a name'
            ) -%}
        {%- endif -%}
        {%- if expression is mapping -%}
            {%- do errors.extend(feature_store._mapping_key_errors(
                'derived.' ~ name, expression, ['sql'], feature_store._description_keys()
            )) -%}
            {%- do errors.extend(
                feature_store._description_errors('derived.' ~ name, expression)
            ) -%}
            {%- set expression = expression.sql if 'sql' in expression else 'null' -%}
        {%- endif -%}
        {%- if expression is not string or not expression | trim -%}
            {%- do errors.append(
                'derived.' ~ name ~ ': an expression over the view\'s columns is allowed, '
                ~ 'such as spend_28d / nullif(orders_28d, 0); got ' ~ expression
            ) -%}
        {%- elif feature_store._has_line_comment(expression) -%}
            {%- do errors.append(
                'derived.' ~ name ~ ': a comment in /* */ is allowed, not one with --; got '
                ~ expression
            ) -%}
        {%- elif modules.re.search('(?i)\\b(feature_time|known_at)\\b', expression) -%}
            {%- do errors.append(
                'derived.' ~ name ~ ': features are allowed, but neither feature_time nor known_at: '
                ~ 'a row is valid until the next one, and the value would not be; got '
                ~ expression
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(errors) -}}
{%- endmacro -%}
