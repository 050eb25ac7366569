{#- End the compilation with one error that lists every error of a macro's arguments, where there is
    any. -#}
{%- macro _raise_errors(name, errors) -%}
    {%- if errors -%}
        {{- exceptions.raise_compiler_error(
            name ~ ': ' ~ errors | length ~ ' error' ~ ('s' if errors | length > 1 else '')
            ~ '\n  - ' ~ errors | join('\n  - ')
        ) -}}
    {%- endif -%}
{%- endmacro -%}
