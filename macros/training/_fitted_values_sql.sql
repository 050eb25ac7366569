{#- The CTE of the fitted rows' values in long form: column_name, and value or category.

    name: the CTE.
    columns: the columns.
    kind: numeric or categorical. Other types than those allowed end the query with an error. -#}
{%- macro _fitted_values_sql(name, columns, kind) -%}
{%- set is_numeric = kind == 'numeric' -%}
{%- set types = 'DECIMAL.*|FLOAT|DOUBLE' if is_numeric else 'VARCHAR|ENUM.*|DATE|UUID' -%}
{#- The type of a null is "NULL" where it was cast to none. -#}
{%- set patterns = [types, 'BOOLEAN|U?INTEGER|"NULL"', 'U?(TINY|SMALL|BIG|HUGE)INT'] -%}
{%- set allowed = 'numbers and booleans' if is_numeric
    else 'texts, enums, whole numbers, booleans, dates and uuids' -%}
{{ name }} as (

    select
        unnest(
            [
                {%- for column in columns %}
                {%- set quoted = feature_store._quoted(column) %}
                {%- set message = 'fitted_statistics: ' ~ kind ~ ': column ' ~ column %}
                {
                    'column_name': {{ feature_store._literal(column) }},
                    {%- if is_numeric %}
                    'value': if(
                    {%- else %}
                    'category': if(
                    {%- endif %}
                        {%- for pattern in patterns %}
                        {{ 'or ' if not loop.first }}regexp_matches(typeof({{ quoted }}), '^({{ pattern }})$')
                        {{- ',' if loop.last }}
                        {%- endfor %}
                        {%- if is_numeric %}
                        -- Adding 0.0 makes one zero of -0.0 and 0.0.
                        try_cast({{ quoted }} as double) + 0.0,
                        {%- else %}
                        cast({{ quoted }} as varchar),
                        {%- endif %}
                        error(
                            {{ feature_store._literal(message) }}
                            || ': {{ allowed }} '
                            || 'are allowed; got ' || typeof({{ quoted }})
                        )
                    )
                }{{ ',' if not loop.last }}
                {%- endfor %}
            ],
            recursive := true
        )
    from fitted

),
{%- endmacro -%}
