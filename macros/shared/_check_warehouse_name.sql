{#- Raise an error if the warehouse's database has the name of one of its schemas: "raw"."clicks" in
    the file raw.duckdb could be a table of the database raw or of the schema raw. -#}
{%- macro _check_warehouse_name(schema) -%}
    {%- set name = target.database | lower -%}
    {%- if name in [
        schema | trim | lower,
        var('feature_store_operations_schema', 'operations') | lower,
        'main', 'system', 'temp'
    ] -%}
        {%- do exceptions.raise_compiler_error(
            'the warehouse ' ~ target.path ~ ': DuckDB names its database ' ~ target.database
            ~ ', and a schema has that name'
            ~ '\nAllowed: the name of a file that no schema has, such as feature_store.duckdb'
            ~ '\nNext: give the file another name (in profiles.yml, or FEATURE_STORE_WAREHOUSE)'
        ) -%}
    {%- endif -%}
{%- endmacro -%}
