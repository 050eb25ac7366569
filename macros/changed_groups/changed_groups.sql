{#- The rows that an incremental model is made from: in a full build all received rows,
    otherwise those of the groups that delete_changed_groups(), the model's pre-hook, found
    changed.

    received: the relation that the pre-hook has, too. -#}
{%- macro changed_groups(received) -%}
    {#- there is no `this` in a unit test -#}
    {%- if this and is_incremental() -%}
        temp."changed_groups__{{ received.identifier }}"
    {%- else -%}
        {{- received -}}
    {%- endif -%}
{%- endmacro -%}
