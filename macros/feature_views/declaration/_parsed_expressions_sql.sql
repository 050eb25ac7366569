{#- A query of what DuckDB's own parser and binder say about SQL expressions, wrong ones
    included. It gives one JSON list with a mapping for each expression:

    - syntax: the parser's error, or null; is_one: true if it is one expression, not a list;
    - parts: its columns, functions, subqueries, windows and parameters, as {class, name, path,
      is_top, in_lambda, arguments}; of a function also is_aggregate, is_window and is_volatile,
      null where there is none of the name;
    - volatile: the functions in the plan that give another value in each run;
    - binder_error: {error_type, error_message, call, name, …}, or null;
    - type: of the result, if there is no error.

    expressions: as _declared_expressions() gives them. -#}
{%- macro _parsed_expressions_sql(expressions) -%}
{%- set top = '$.statements[0].node.select_list[0]' -%}
with

expressions as (

    select * from (
        values
        {%- for given in expressions %}
        (
            {{ loop.index }},
            json_serialize_sql({{ feature_store._literal('select ' ~ given.expression) }}),
            json_serialize_plan({{ feature_store._literal(given.query) }})
        ){{ ',' if not loop.last }}
        {%- endfor %}
    ) as expressions (number, tree, plan)

),

functions as (

    select
        function_name as name,
        bool_or(function_type = 'aggregate') as is_aggregate,
        bool_or(function_type = 'window') as is_window,
        coalesce(bool_and(stability <> 'CONSISTENT'), false) as is_volatile
    from duckdb_functions()
    where function_type in ('aggregate', 'scalar', 'macro', 'window')
    group by function_name
    union all
    values ('current_localtime', false, false, true), ('current_localtimestamp', false, false, true)

),

{{ feature_store._expression_parts_sql(top) }}

volatile_lists as (

    -- from the plan, in which macros and names such as current_date are resolved
    select
        expressions.number,
        to_json(list(distinct functions.name)) as volatile
    from expressions, json_tree(expressions.plan) as node
    inner join functions
        on node.value ->> '$.path[#-1]' = functions.name and functions.is_volatile
    where node.key = 'qname'
    group by expressions.number

)

select to_json(list(json_object(
    'syntax', expressions.tree ->> 'error_message',
    'is_one',
    json_array_length(expressions.tree, '$.statements') = 1
    and json_array_length(expressions.tree, '$.statements[0].node.select_list') = 1
    and coalesce(expressions.tree ->> '{{ top }}.alias', '') = '',
    'parts', coalesce(part_lists.parts, '[]'),
    'volatile', coalesce(volatile_lists.volatile, '[]'),
    'binder_error', if(expressions.plan ->> 'error' = 'true', expressions.plan, null),
    'type', expressions.plan -> '$.plans[0].expressions[#-1].return_type'
) order by expressions.number))
from expressions
left join part_lists using (number)
left join volatile_lists using (number)
{%- endmacro -%}
