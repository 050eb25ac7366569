{#- The columns that occur twice (case makes no difference in SQL), and names that cannot be used. -#}
{%- macro _column_name_errors(declaration, entity) -%}
    {%- set columns = feature_store._declared_columns(declaration, entity) -%}
    {%- set errors = [] -%}
    {%- for column in columns | unique if columns | select('equalto', column) | list | length > 1 -%}
        {%- do errors.append(
            'columns: ' ~ column ~ ' occurs twice; each column is allowed once '
            ~ '(entity, feature_time, <aggregate>_<window>, derived, known_at)'
        ) -%}
    {%- endfor -%}
    {%- for column in entity if '"' in column -%}
        {%- do errors.append(
            'columns: ' ~ column ~ ': dbt cannot write a name with a double quote in it. '
            ~ 'Next: rename the column in the model of the events'
        ) -%}
    {%- endfor -%}
    {%- for column in entity if column.startswith('_') -%}
        {%- do errors.append(
            'columns: ' ~ column ~ ': names that begin with _ are reserved for the generated SQL. '
            ~ 'Next: rename the column in the model of the events'
        ) -%}
    {%- endfor -%}
    {{- return(errors) -}}
{%- endmacro -%}
