{%- macro changed_groups(received) -%}
    {%- if feature_store.is_increment() -%}
        temp."changed_groups__{{ received.identifier }}"
    {%- else -%}
        {{- received -}}
    {%- endif -%}
{%- endmacro -%}
