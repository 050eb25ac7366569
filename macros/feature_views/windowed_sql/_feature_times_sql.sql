{#- The CTE feature_times: one row per entity, given by its _start, and grain in which its features
    change, with the range of positions that each window has there: _grains_<window> of them, from
    after _before_<window> to _newest. An event enters the windows one grain later, and leaves one
    when that has passed.

    changed: the table of entities whose events changed, or none. -#}
{%- macro _feature_times_sql(plan, changed) -%}
{%- set windows = plan.windows | rejectattr('grains', 'none') | list -%}
{#- frames need all times at which events become visible -#}
{%- set trimmed = changed and not plan.has_frames -%}
window_changes as (

    -- events become visible
    {{ feature_store._window_change_sql(trimmed, 1, 0) }}
    {%- for window in windows %}
    union all
    -- events leave the window of {{ window.name }}
    {{ feature_store._window_change_sql(trimmed, window.grains + 1, loop.index) }}
    {%- endfor %}

),

sorted_changes as (

    select *
    from window_changes
    order by
        _start asc,
        _grain asc,
        _kind asc

),

ranges as (

    select
        _start,
        _grain,
        _kind,
        lead(_start) over () as _next_start,
        lead(_grain) over () as _next_grain,
        {{ feature_store._positions_so_far_sql(0, trimmed) }} as _newest
        {%- for window in windows %},
        {{ feature_store._positions_so_far_sql(loop.index, trimmed) }} as _before_{{ window.name }}
        {%- endfor %}
    from sorted_changes

),

-- the last change of each grain; all threads read sorted rows, one reads those of a stream
feature_times as (

    select
        *
        {%- for window in windows %},
        _newest - _before_{{ window.name }} as _grains_{{ window.name }}
        {%- endfor %}
    from ranges
    where
        if(
            _next_start < _start or (_next_start = _start and _next_grain < _grain),
            {{ feature_store._out_of_order_error_sql() | indent(12) }},
            _next_start is distinct from _start or _next_grain is distinct from _grain
        )
        {%- if changed %}
        -- not before the first event that has become visible
        and _newest >= _start
        {%- endif %}
    order by
        _start asc,
        _grain asc

),
{%- if plan.has_frames %}

changes as (

    select
        {%- for key in plan.entity %}
        newest.{{ key }},
        {%- endfor %}
        feature_times._grain
    from feature_times
    left join looked_up as newest on feature_times._newest = newest._position

),
{%- endif %}
{%- endmacro -%}

{#- The times at which events come into or out of a window, `grains` after their own.

    trimmed: whether of the changes before the first row only the last is made, for all of them.
    kind: number by which the changes of one grain are ordered. -#}
{%- macro _window_change_sql(trimmed, grains, kind) -%}
    select
        _start,
        _grain + {{ grains }} as _grain,
        cast({{ kind }} as utinyint) as _kind
        {%- if trimmed %},
        if(_grain + {{ grains }} <= _from_grain, _position - _start + 1, 1) as _positions
        {%- endif %}
    from positions
    {%- if not trimmed %}
    where _position > 1
    {%- else %}
    where
        _position > 1
        -- of the changes before the first row, only the last
        and (
            _from_grain is null
            or _next_grain is null
            or _next_grain + {{ grains }} > _from_grain
        )
        {%- endif %}
{%- endmacro -%}

{#- The position up to which events have come into or out of a window: the empty row and all
    changes so far, because the earlier entities have one for each of their positions. -#}
{%- macro _positions_so_far_sql(kind, trimmed) -%}
    cast(
            1 + {{ 'sum(if(_kind = ' ~ kind ~ ', _positions, 0))' if trimmed else 'count(*) filter (where _kind = ' ~ kind ~ ')' }} over (
                rows between unbounded preceding and current row
            ) as integer
        )
{%- endmacro -%}
