{#- The columns of the events that a declaration may depend on: those whose names occur in it, whatever they
    mean there, and `loaded_at`, from which `known_at` is made. One too many costs time, nothing else. -#}
{%- macro _compared_columns(columns, declaration) -%}
    {%- set text = tojson(declaration) | lower -%}
    {%- set compared = [] -%}
    {%- for column in columns -%}
        {%- if column | lower == 'loaded_at' or column | lower in text -%}
            {%- do compared.append(adapter.quote(column)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(compared) -}}
{%- endmacro -%}
