{#- Raise one compilation error that lists all errors, if there are any.

    name: what the errors are about, such as the macro. -#}
{%- macro _raise_errors(name, errors) -%}
    {%- if errors -%}
        {{- exceptions.raise_compiler_error(
            name ~ ': ' ~ errors | length ~ ' error' ~ ('s' if errors | length > 1 else '')
            ~ '\n  - ' ~ errors | join('\n  - ')
        ) -}}
    {%- endif -%}
{%- endmacro -%}
