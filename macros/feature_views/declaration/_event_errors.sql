{#- The errors of a declaration that does not fit its events, found before DuckDB runs the SQL: a
    relation that cannot be read, wrong columns, functions and types. There are no errors in unit
    tests, nor while compiling if the relation is not in the warehouse yet.

    events: relation of the events.
    declaration: the feature view, without other errors.
    plan: of the declaration. -#}
{%- macro _event_errors(events, declaration, plan) -%}
    {#- there is no `this` in a unit test, whose events are not in the warehouse -#}
    {%- if not this or events is string -%}{{- return([]) -}}{%- endif -%}
    {%- if '__dbt__cte__' in events.identifier -%}
        {%- set name = events.identifier.replace('__dbt__cte__', '') -%}
        {{- return(['events: ' ~ name ~ ' is ephemeral, and so not in the warehouse, where this '
            ~ 'view\'s hooks read it. Next: write materialized: view, or table, in the config of '
            ~ name]) -}}
    {%- endif -%}
    {#- The first part was checked; other parts and a full build rendered again need no check. -#}
    {%- if flags.WHICH not in ['build', 'run', 'compile'] or context.get('_renders_full_build')
        or context.get('_part', 0) > 0 -%}
        {{- return([]) -}}
    {%- endif -%}
    {%- set read_error = feature_store._read_error(events) -%}
    {%- if read_error and flags.WHICH == 'compile' -%}{{- return([]) -}}{%- endif -%}
    {%- if read_error -%}
        {{- return([
            'events: ' ~ events ~ ' cannot be read: ' ~ read_error ~ '. Next: dbt ' ~ flags.WHICH
            ~ ' -s +' ~ model.name ~ ', which builds it first'
        ]) -}}
    {%- endif -%}
    {%- set columns = feature_store._event_columns(events) -%}
    {%- set errors = feature_store._event_table_errors(events, declaration, columns) -%}
    {%- do errors.extend(feature_store._expression_errors(events, declaration, plan, columns)) -%}
    {{- return(errors) -}}
{%- endmacro -%}

{#- DuckDB's reason why a relation cannot be read, or none if it can: it plans a query on it. -#}
{%- macro _read_error(relation) -%}
    {%- set found = fromjson(run_query(
        "select json_object('type', plan ->> 'error_type', 'message', plan ->> 'error_message') "
        ~ "from (select json_serialize_plan("
        ~ feature_store._literal('select 1 from ' ~ relation) ~ ") as plan)"
    ).columns[0].values()[0]) -%}
    {%- if found.type not in ['binder', 'catalog'] -%}{{- return(none) -}}{%- endif -%}
    {{- return(found.message.split('\n')[0].rstrip('!')) -}}
{%- endmacro -%}

{#- The columns of a relation, name to type, in their order. -#}
{%- macro _event_columns(relation) -%}
    {#- as JSON, because dbt converts names that look like numbers or dates -#}
    {{- return(dict(fromjson(run_query(
        'select json_group_array([column_name, column_type]) from (describe select * from '
        ~ relation ~ ')'
    ).columns[0].values()[0]))) -}}
{%- endmacro -%}
