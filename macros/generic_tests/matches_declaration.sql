{#- One row per check of a feature view, or of its online view, that fails: its column, the check, how
    many rows (or keys) fail it, and an example. The checks follow from the declaration: keys, feature
    time and known_at are there, a key is unique, no null where none can be, every value of a windowed
    or derived feature is within `min` and `max`. One scan of the table checks all values; keys are
    counted beside it. -#}
{% test matches_declaration(model) %}
{%- if not execute -%}{{- return('') -}}{%- endif -%}
{%- set node = feature_store._tested_node() -%}
{%- set declaration = (node.config.meta or {}).get('feature_view') -%}
{%- if declaration is not mapping or not declaration.entity -%}
    {%- do exceptions.raise_compiler_error(
        'matches_declaration: ' ~ node.name ~ ' has no config.meta.feature_view with an entity. '
        ~ 'Next: declare it, or remove the test'
    ) -%}
{%- endif -%}
{%- set keys = declaration.entity + ([] if feature_store._online_parents(node) else ['feature_time']) -%}
{%- set shown = declaration.entity + ['feature_time'] -%}
{%- set checks = feature_store._declared_checks(node, declaration) -%}
with

tested as (

    select * from {{ model }}

),

repeated as (

    select
        {{ feature_store._quoted_names(keys) | join(',\n        ') }},
        count(*) as "rows"
    from tested
    where {{ feature_store._quoted_names(keys) | join(' is not null and ') }} is not null
    group by
        {{ feature_store._quoted_names(keys) | join(',\n        ') }}
    having count(*) > 1

),

-- Few rows, if any: examples are made of these alone.
wrong as (

    select * from tested
    where
        {{ checks | map(attribute='fails') | join('\n        or ') }}

),

counted as (

    select
        {%- for check in checks %}
        count(*) filter (where {{ check.fails }}) as failures_{{ loop.index }},
        min({{ feature_store._example_sql(shown + ([] if check.column in shown else [check.column])) }})
            filter (where {{ check.fails }}) as example_{{ loop.index }}{{ ',' if not loop.last }}
        {%- endfor %}
    from wrong

),

checked as (

    {%- for check in checks %}
    select
        {{ feature_store._literal(check.column) }} as column_name,
        '{{ check.name }}' as check_name,
        failures_{{ loop.index }} as failures,
        example_{{ loop.index }} as example
    from counted
    union all
    {%- endfor %}
    select
        {{ feature_store._literal(keys | join(', ')) }} as column_name,
        'unique' as check_name,
        count(*) as failures,
        min({{ feature_store._example_sql(keys) }} || ': ' || "rows" || ' rows') as example
    from repeated

),

validation_errors as (

    select * from checked
    where failures > 0

)

select * from validation_errors
{% endtest %}
