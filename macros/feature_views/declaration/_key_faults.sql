{#- The missing and the unknown keys of a mapping. -#}
{%- macro _key_faults(where, mapping, required, optional) -%}
    {%- set faults = [] -%}
    {%- for key in required if key not in mapping -%}
        {%- do faults.append(where ~ ': ' ~ key ~ ' is missing') -%}
    {%- endfor -%}
    {%- for key in mapping if key not in required + optional -%}
        {%- do faults.append(
            where ~ ': unknown key ' ~ key ~ '; allowed: ' ~ (required + optional) | join(', ')
        ) -%}
    {%- endfor -%}
    {{- return(faults) -}}
{%- endmacro -%}
