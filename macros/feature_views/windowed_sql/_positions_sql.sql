{#- The CTE positions: the grains of all entities in one line, in the order of entity and time, numbered
    from 1. Row 1 belongs to no entity and stands before all others. A window of an entity is a range
    of positions, so its results are found at the two ends of the range:

    - _total_<aggregate>[_<window>]: the sum of all rows so far; a window has the difference;
    - _last_<aggregate>: the last position so far with a value, and _last_passed_<aggregate> with an
      event that passes the filter; a window is empty if that lies before it;
    - _<part>_of_<n>, _<part>_next_<n>: the least or greatest of the n values that end here, and that
      follow; two of them, n a power of two, cover each range;
    - _start: the first position of the entity.

    The totals rely on the order of the rows of `sorted_grains`, and the query fails if they come
    in another one. -#}
{%- macro _positions_sql(plan, changed) -%}
{%- set unused = ['_is_same_entity'] + (plan.positions.totals | map(attribute='part') | list) -%}
{%- set extremes = plan.positions.extremes -%}
-- the grains after an empty row
all_grains as (

    select *
    from {{ 'so_far' if plan.positions.lifetime else 'grains' }}
    union all by name
    select cast(null as bigint) as _grain

),

-- in one line
sorted_grains as (

    select *
    from all_grains
    order by
        {%- for key in plan.entity %}
        {{ key }} asc nulls first,
        {%- endfor %}
        _grain asc nulls first

),

-- their positions, and totals of everything up to each
numbered as (

    select
        *,
        cast(row_number() over () as integer) as _position,
        {%- if changed %}
        if(
            {{ feature_store._beside_same_entity_sql(plan, 'lead') | indent(12) }},
            lead(_grain) over (),
            null
        ) as _next_grain,
        {%- endif %}
        {%- for total in plan.positions.totals %}
        cast(
            sum(coalesce({{ total.part }}, 0)) over (
                rows between unbounded preceding and current row
            ) as {{ total.type }}
        ) as _total_{{ total.name }},
        {%- endfor %}
        {{ feature_store._beside_same_entity_sql(plan, 'lag') | indent(8) }} as _is_same_entity
    from sorted_grains
    qualify
        if(
            {{ feature_store._out_of_order_sql(plan) | indent(12) }},
            {{ feature_store._out_of_order_error_sql() | indent(12) }},
            true
        )

),

started as (

    select
        *,
        {%- for name, part in plan.positions.present.items() %}
        max(if({{ part }} is null, null, _position)) over (
            rows between unbounded preceding and current row
        ) as {{ name }},
        {%- endfor %}
        max(if(_is_same_entity, 1, _position)) over (
            rows between unbounded preceding and current row
        ) as _start
    from numbered

),
{%- set previous = namespace(cte='started') %}
{%- for size in feature_store._powers_of_two(plan.positions.longest) if size > 1 %}

-- the least and greatest of {{ size }} values
ranges_of_{{ size }} as (

    select
        *
        {%- for extreme in extremes if extreme.longest >= size %},
        {%- set half = feature_store._range_name(extreme, 'of', size // 2) %}
        {{ extreme.combine }}(
            {{ half }},
            lag({{ half }}, {{ size // 2 }}) over ()
        ) as {{ feature_store._range_name(extreme, 'of', size) }}
        {%- endfor %}
    from {{ previous.cte }}

),
{%- set previous.cte = 'ranges_of_' ~ size %}
{%- endfor %}

-- least and greatest of the values that follow; read once for each window
positions as materialized (

    select
        * exclude (
            {{ unused | join(',\n            ') }}
        )
        {%- for extreme in extremes %}
        {%- for size in feature_store._powers_of_two(extreme.longest) %},
        lead({{ feature_store._range_name(extreme, 'of', size) }}, {{ size }}) over ()
        {#- #} as {{ feature_store._range_name(extreme, 'next', size) }}
        {%- endfor %}
        {%- endfor %}
    from {{ previous.cte }}

),

-- the side of joins that DuckDB takes into memory, as it expects fewer rows of a filter
looked_up as not materialized (

    select *
    from positions
    where _position > 0

),
{%- endmacro -%}

{#- The powers of two up to a number of grains: the lengths of the ranges that cover its windows. -#}
{%- macro _powers_of_two(grains) -%}
    {%- set sizes = [] -%}
    {%- for power in range(60) if 2 ** power <= grains -%}
        {%- do sizes.append(2 ** power) -%}
    {%- endfor -%}
    {{- return(sizes) -}}
{%- endmacro -%}

{#- The name of the column with the least or greatest of some values before or after a position. -#}
{%- macro _range_name(extreme, side, size) -%}
    {{- return(extreme.part if side == 'of' and size == 1 else extreme.part ~ '_' ~ side ~ '_' ~ size) -}}
{%- endmacro -%}

{#- The condition that the row before or after, by lag or lead, is of the same entity. -#}
{%- macro _beside_same_entity_sql(plan, neighbour) -%}
{%- set same = [] -%}
{%- for key in plan.entity -%}
    {%- do same.append(neighbour ~ '(' ~ key ~ ') over () = ' ~ key) -%}
{%- endfor -%}
{{- 'coalesce(\n    ' ~ same | join('\n    and ') ~ ',\n    false\n)' -}}
{%- endmacro -%}

{#- The condition that a row does not come after the one before. -#}
{%- macro _out_of_order_sql(plan) -%}
{%- set condition = namespace(sql='lag(_grain) over () >= _grain') -%}
{%- for key in plan.entity | reverse -%}
    {%- if not loop.first -%}
        {%- set condition.sql = '(\n    ' ~ condition.sql | indent(4) ~ '\n)' -%}
    {%- endif -%}
    {%- set before = 'lag(' ~ key ~ ') over ()' -%}
    {%- set condition.sql = before ~ ' > ' ~ key ~ '\nor (\n    ' ~ before ~ ' = ' ~ key
        ~ '\n    and ' ~ condition.sql | indent(4) ~ '\n)' -%}
{%- endfor -%}
{{- condition.sql -}}
{%- endmacro -%}

{#- The error of a query whose rows do not come in the order of its subquery. -#}
{%- macro _out_of_order_error_sql() -%}
error(
    'the rows of a sorted subquery came in another order. Next: report it with '
    || 'the version of DuckDB, and give the view materialized: table, '
    || 'which needs no order'
)
{%- endmacro -%}
