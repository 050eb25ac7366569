{#- A CTE of the fitted rows' values in long form: column_name, and value or category.

    name: the CTE.
    columns: the columns.
    kind: numeric or categorical. Other types than those allowed end the query with an error. -#}
{%- macro _values_to_fit_sql(name, columns, kind) -%}
{%- set is_numeric = kind == 'numeric' -%}
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
                        regexp_full_match(
                            typeof({{ quoted }}),
                            {{ feature_store._fitted_type_pattern(kind) }}
                        ),
                        {%- if is_numeric %}
                        -- Adding 0.0 makes one zero of -0.0 and 0.0.
                        try_cast({{ quoted }} as double) + 0.0,
                        {%- else %}
                        cast({{ quoted }} as varchar),
                        {%- endif %}
                        error(
                            {{ feature_store._literal(message) }}
                            || ': {{ feature_store._fitted_type_names(kind) }} '
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
