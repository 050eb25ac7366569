{#- End the compilation with one error that lists every fault of a macro's arguments, where there is
    any. -#}
{%- macro _raise_faults(name, faults) -%}
    {%- if faults -%}
        {{- exceptions.raise_compiler_error(
            name ~ ': ' ~ faults | length ~ ' fault' ~ ('s' if faults | length > 1 else '')
            ~ '\n  - ' ~ faults | join('\n  - ')
        ) -}}
    {%- endif -%}
{%- endmacro -%}
