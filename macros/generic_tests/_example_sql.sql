{#- SQL of an example: the columns with their values, as text. -#}
{%- macro _example_sql(names) -%}
    {%- set parts = [] -%}
    {%- for name in names -%}
        {%- do parts.append(
            feature_store._literal(name ~ ' ') ~ ' || coalesce(cast(' ~ feature_store._quoted(name)
            ~ " as varchar), 'null')"
        ) -%}
    {%- endfor -%}
    {{- return(parts | join(" || ', ' || ")) -}}
{%- endmacro -%}
