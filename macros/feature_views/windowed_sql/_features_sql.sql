{#- The view's columns in their order: entity, feature_time, features, derived features,
    known_at.

    changed: the table of entities whose events changed, whose rows are built from the first
        changed grain on; none: all rows. -#}
{%- macro _features_sql(plan, changed) -%}
{%- set from_events = plan.aggregates | selectattr('strategy', 'equalto', 'events') | list -%}
features as (

    select
        {%- for key in plan.entity %}
        grain_frames.{{ key }},
        {%- endfor %}
        make_timestamp(grain_frames._grain * {{ plan.grain_us }}) as feature_time,
        {%- for aggregate in plan.aggregates %}
        {%- set source = 'event_frames' if aggregate.strategy == 'events' else 'grain_frames' %}
        {%- for window in aggregate.windows %}
        {%- set column = source ~ '.' ~ aggregate.name ~ '_' ~ window.name %}
        {%- set is_empty = feature_store._is_empty_sql(aggregate, window) %}
        {% if is_empty -%}
        if(
            {{ is_empty }},
            {{ feature_store._literal(aggregate.empty) }},
            {{ column }}
        ) as {{ aggregate.name }}_{{ window.name }},
        {%- else -%}
        {{ column }},
        {%- endif %}
        {%- endfor %}
        {%- endfor %}
        grain_frames.known_at
    from grain_frames
    {%- if from_events %}
    inner join event_frames
        on
            grain_frames._grain = event_frames._grain
            {%- for key in plan.entity %}
            and grain_frames.{{ key }} = event_frames.{{ key }}
            {%- endfor %}
            and not event_frames._is_event
    {%- endif %}

)

select
    * exclude (known_at),
    {%- for column, expression in plan.derived.items() %}
    {{ expression }} as {{ feature_store._quoted(column) }},
    {%- endfor %}
    known_at
from features
{%- if changed %}
semi join {{ changed }} as changed
    on
        {%- for key in plan.entity %}
        {{ 'and ' if not loop.first }}features.{{ key }} = changed.{{ key }}
        {%- endfor %}
        and (
            changed._from_grain is null
            or features.feature_time > make_timestamp(changed._from_grain * {{ plan.grain_us }})
        )
{%- endif %}
{%- endmacro -%}

{#- The condition that no event of the window passes the aggregate's filter; nothing if that cannot
    happen or makes no difference. A lifetime without a filter is never empty, because an entity's
    first row has an event. -#}
{%- macro _is_empty_sql(aggregate, window) -%}
    {%- if aggregate.passed -%}
        {%- set last = 'grain_frames._last_passed_' ~ aggregate.passed -%}
        {{- last ~ ' is null' -}}
        {%- if window.grains is not none %}
            or {{ last }} < grain_frames._grain - {{ window.grains }}
        {%- endif -%}
    {%- elif aggregate.has_empty and window.grains is not none -%}
        grain_frames._last_grain < grain_frames._grain - {{ window.grains }}
    {%- endif -%}
{%- endmacro -%}
