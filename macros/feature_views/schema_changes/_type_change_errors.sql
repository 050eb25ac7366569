{#- The errors of columns whose type is not the one that a snapshot has. dbt does not alter types, and
    DuckDB would cast the values that are inserted, and round them.

    snapshot: relation of the snapshot.
    held: its columns, name to type.
    wanted: the columns of what it is to record, name to type. -#}
{%- macro _type_change_errors(snapshot, held, wanted) -%}
    {%- set errors = [] -%}
    {%- for column, type in wanted.items() if held.get(column, type) != type -%}
        {%- set place = snapshot.schema ~ '.' ~ snapshot.identifier -%}
        {%- set error = column ~ ': ' ~ held[column] | lower ~ ' in ' ~ place ~ ', and now '
            ~ type | lower -%}
        {%- if feature_store._is_wider_type(held[column], type) -%}
            {%- do errors.append(
                error ~ ', which holds every value of it. Next: alter table '
                ~ snapshot.include(database=false) ~ ' alter ' ~ adapter.quote(column) ~ ' type '
                ~ type | lower ~ ', then build again'
            ) -%}
        {%- else -%}
            {%- do errors.append(
                error ~ ', which does not hold every value of it. Next: declare it in a new '
                ~ 'version (docs/guides/feature_versions.md), or cast it back to ' ~ held[column] | lower
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(errors) -}}
{%- endmacro -%}
