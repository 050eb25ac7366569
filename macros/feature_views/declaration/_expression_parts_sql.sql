{#- The CTE part_lists of _parsed_expressions_sql(): the parts of each expression as one JSON list,
    in the order of the text. It reads the CTEs expressions and functions.

    top: the path of an expression in its syntax tree. -#}
{%- macro _expression_parts_sql(top) -%}
parts as (

    select
        expressions.number,
        cast(node.value ->> 'query_location' as hugeint) as place,
        node.value ->> 'class' as class,
        lower(coalesce(
            node.value ->> '$.qualified_name.path[#-1]',
            node.value ->> '$.column_names[0]'
        )) as name,
        node.value -> 'column_names' as path,
        node.fullkey = '{{ top }}' as is_top,
        contains(node.fullkey, '.lhs') as in_lambda,
        json_array_length(node.value, '$.arguments') as arguments
    from expressions, json_tree(expressions.tree) as node
    where
        node.type = 'OBJECT'
        and node.value ->> 'class' in ('COLUMN_REF', 'FUNCTION', 'PARAMETER', 'SUBQUERY', 'WINDOW')
        and not contains(node.fullkey, '.subquery.')

),

part_lists as (

    select
        parts.number,
        to_json(list({
            'class': parts.class,
            'name': parts.name,
            'path': parts.path,
            'is_top': parts.is_top,
            'in_lambda': parts.in_lambda,
            'arguments': parts.arguments,
            'is_aggregate': functions.is_aggregate,
            'is_window': functions.is_window,
            'is_volatile': functions.is_volatile
        } order by parts.place, parts.class)) as parts
    from parts
    left join functions
        on parts.class = 'FUNCTION' and parts.name = functions.name
    group by parts.number

),
{%- endmacro -%}
