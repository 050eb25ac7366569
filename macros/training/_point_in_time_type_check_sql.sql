{#- The CTE that ends a point-in-time join with one error if types of its columns do not match, so
    that nothing is cast: one row, _types_are_ok. Types are known before any row is read, so this
    costs nothing. -#}
{%- macro _point_in_time_type_check_sql(views, time) -%}
{%- set checks = [feature_store._time_type_error(
    'time column ' ~ feature_store._unquoted(time),
    'typeof(spine.' ~ feature_store._quoted_if_needed(time) ~ ')'
)] -%}
{%- for view in views -%}
    {%- for key, column in view.entity.items() -%}
        {%- do checks.append(feature_store._key_type_error(
            'key column ' ~ column,
            'typeof(spine.' ~ feature_store._quoted(column) ~ ')',
            'typeof(' ~ view.name ~ '_v.' ~ feature_store._quoted(key) ~ ')',
            ', as in ' ~ view.identifier
        )) -%}
    {%- endfor -%}
{%- endfor -%}
-- The types of keys and time. Nothing is cast to another type: where they differ this is an error.
checked_types as (

    select
        if(
            type_errors.messages = '',
            true,
            error('point_in_time_join: types that do not match' || type_errors.messages)
        ) as _types_are_ok
    from (
        select
            concat(
                {%- for check in checks %}
                chr(10) || '  - ' || {{ check | indent(16) }}{{ ',' if not loop.last }}
                {%- endfor %}
            ) as messages
        from (select 1 as row_count) as one
        left join spine on false
        {%- for view in views %}
        left join
            {{ view.relation }} as {{ view.name }}_v
            on false
        {%- endfor %}
        where one.row_count = 1
    ) as type_errors

),
{%- endmacro -%}
