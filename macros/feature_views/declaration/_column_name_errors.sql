{#- The columns that a declaration would make twice; case makes no difference in SQL. -#}
{%- macro _column_name_errors(declaration, entity) -%}
    {%- set columns = feature_store._declared_columns(declaration, entity) -%}
    {%- set errors = [] -%}
    {%- for column in columns | unique if columns | select('equalto', column) | list | length > 1 -%}
        {%- do errors.append('columns: ' ~ column ~ ' would be there twice; every column once is allowed '
            ~ '(entity, feature_time, <aggregate>_<window>, derived, known_at)') -%}
    {%- endfor -%}
    {%- for column in entity if '"' in column -%}
        {%- do errors.append('columns: ' ~ column ~ ': dbt cannot write a name with a double quote in it. '
            ~ 'Next: give the column another name in the model of the events') -%}
    {%- endfor -%}
    {%- for column in entity if column.startswith('_') -%}
        {%- do errors.append('columns: ' ~ column ~ ': names that begin with _ are the macro\'s own') -%}
    {%- endfor -%}
    {{- return(errors) -}}
{%- endmacro -%}
