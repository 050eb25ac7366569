{#- The errors in the keys of a mapping: required ones that are missing, and unknown ones. -#}
{%- macro _mapping_key_errors(where, mapping, required, optional) -%}
    {%- set errors = [] -%}
    {%- for key in required if key not in mapping -%}
        {%- do errors.append(where ~ ': ' ~ key ~ ' is missing') -%}
    {%- endfor -%}
    {%- for key in mapping if key not in required + optional -%}
        {%- do errors.append(
            where ~ ': unknown key ' ~ key ~ '; allowed: ' ~ (required + optional) | join(', ')
        ) -%}
    {%- endfor -%}
    {{- return(errors) -}}
{%- endmacro -%}
