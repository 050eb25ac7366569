{#- The aggregates that cannot be combined from grains, over frames of the events themselves; nothing
    if the view has none. The rows of the feature times are ordered among the events, and filtered
    out of the frames.

    A feature time is placed between the events of the grain before it and those of its own grain,
    so that its frames end with its own row: frames that ended `1 preceding` gave wrong results in
    DuckDB 2.0.0 where threads shared the work of a large partition. -#}
{%- macro _event_frames_sql(plan) -%}
{%- set aggregates = plan.aggregates | selectattr('strategy', 'equalto', 'events') | list -%}
{%- if aggregates -%}
event_timeline as (

    select
        *,
        2 * _grain as _place,
        true as _is_event
    from events
    union all by name
    select
        {{ plan.entity | join(',\n        ') }},
        _grain,
        2 * _grain - 1 as _place,
        false as _is_event
    from changes

),

event_frames as (

    select
        {{ plan.entity | join(',\n        ') }},
        _grain,
        _is_event
        {%- for aggregate in aggregates %}{% for window in aggregate.windows %},
        {{ aggregate.call }} filter (
            where _is_event{% if aggregate.filter %} and ({{ aggregate.filter }}){% endif %}
        ) over last_{{ window.name }} as {{ aggregate.name }}_{{ window.name }}
        {%- endfor %}{% endfor %}
    from event_timeline as events
    window
        {{ feature_store._frame_windows_sql(
            plan, feature_store._used_windows(aggregates), '_place', 2
        ) }}

),

{% endif -%}
{%- endmacro -%}
