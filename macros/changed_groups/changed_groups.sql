{%- macro changed_groups(received) -%}
    {#- there is no `this` in a unit test -#}
    {%- if this and is_incremental() -%}
        temp."changed_groups__{{ received.identifier }}"
    {%- else -%}
        {{- received -}}
    {%- endif -%}
{%- endmacro -%}
