{#- The names of the columns that a windowed view has by its declaration, in lower case, repeats
    included. Skips what is wrong in the declaration. -#}
{%- macro _declared_columns(declaration, entity) -%}
    {%- set columns = entity + ['feature_time', 'known_at'] -%}
    {%- if declaration.aggregates is mapping -%}
        {%- for name, aggregate in declaration.aggregates.items() if aggregate is mapping -%}
            {%- set windows = aggregate.windows or declaration.windows or [] -%}
            {%- if windows is not string and windows is iterable -%}
                {%- for window in windows | map('string') | unique -%}
                    {%- do columns.append(name ~ '_' ~ window) -%}
                {%- endfor -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if declaration.derived is mapping -%}
        {%- do columns.extend(declaration.derived.keys() | map('string')) -%}
    {%- endif -%}
    {{- return(columns | map('lower') | list) -}}
{%- endmacro -%}
