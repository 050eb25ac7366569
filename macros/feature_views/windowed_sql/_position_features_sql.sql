{#- The view's columns in their order, from the ranges of positions; see _positions_sql().

    changed: the table of entities whose events changed, whose rows are built from the first
        changed grain on; none: all rows. -#}
{%- macro _position_features_sql(plan, changed) -%}
features as (

    select
        {%- for key in plan.entity %}
        newest.{{ key }},
        {%- endfor %}
        make_timestamp(feature_times._grain * {{ plan.grain_us }}) as feature_time,
        {%- for aggregate in plan.aggregates %}
        {%- for window in aggregate.windows %}
        {%- set name = aggregate.name ~ '_' ~ window.name %}
        {%- set is_empty = feature_store._is_empty_range_sql(aggregate, window) %}
        {%- set result = feature_store._window_result_sql(plan, aggregate, window) %}
        {% if is_empty -%}
        if(
            {{ is_empty }},
            {{ feature_store._literal(aggregate.empty) }},
            {{ result | indent(4) }}
        ) as {{ name }},
        {%- elif result.endswith('.' ~ name) -%}
        {{ result }},
        {%- else -%}
        {{ result }} as {{ name }},
        {%- endif %}
        {%- endfor %}
        {%- endfor %}
        {{ feature_store._known_at_sql(plan) }}
    from feature_times
    left join looked_up as newest on feature_times._newest = newest._position
    {%- for window in plan.positions.joined %}
    left join looked_up as before_{{ window.name }}
        on feature_times._before_{{ window.name }} = before_{{ window.name }}._position
    {%- endfor %}
    {%- for source in plan.positions.frames %}
    left join {{ source }}
        on
            feature_times._grain = {{ source }}._grain
            {%- for key in plan.entity %}
            and newest.{{ key }} = {{ source }}.{{ key }}
            {%- endfor %}
            {%- if source == 'event_frames' %}
            and not event_frames._is_event
            {%- endif %}
    {%- endfor %}
    {%- if changed %}
    where newest._from_grain is null or feature_times._grain > newest._from_grain
    {%- endif %}

)

select
    * exclude (known_at),
    {%- for column, expression in plan.derived.items() %}
    {{ expression }} as {{ feature_store._quoted(column) }},
    {%- endfor %}
    known_at
from features
{%- endmacro -%}

{#- An aggregate over a window: the result of a frame, of all events of the entity so far, or of the
    range of positions. -#}
{%- macro _window_result_sql(plan, aggregate, window) -%}
    {%- set name = aggregate.name ~ '_' ~ window.name -%}
    {%- if aggregate.method == 'frames' -%}
        {{- 'event_frames' if aggregate.strategy == 'events' else 'grain_frames' -}}.{{- name -}}
    {%- elif window.grains is none -%}
        newest.{{- name -}}
    {%- elif aggregate.method == 'extremes' -%}
        {{- feature_store._range_extreme_sql('_part_' ~ aggregate.name, aggregate.combine, window) -}}
    {%- else -%}
        {%- set total = '_total_' ~ (name if aggregate.strategy == 'distinct' else aggregate.name) -%}
        {%- set left = '_total_left_' ~ name if aggregate.strategy == 'distinct' else total -%}
        {%- set before = 'before_' ~ window.name -%}
        {%- set result = 'newest.' ~ total ~ '\n        - ' ~ before ~ '.' ~ left -%}
        {%- if aggregate.strategy == 'grains' and not aggregate.counts -%}
            case
            when newest._last_{{ aggregate.name }} > feature_times._{{ before }}
                then {{ result | indent(12) }}
        end
        {%- else -%}
            {{- result -}}
        {%- endif -%}
    {%- endif -%}
{%- endmacro -%}

{#- The least or greatest value of a window's range, null if it is empty: of two ranges that cover it,
    whose length is the greatest power of two that is not longer. -#}
{%- macro _range_extreme_sql(part, combine, window) -%}
    {%- set function = {'min': 'least', 'bool_and': 'least'}.get(combine, 'greatest') -%}
    {%- set before = 'before_' ~ window.name -%}
    {%- set extreme = {'part': part} -%}
    {%- set grains = 'feature_times._grains_' ~ window.name -%}
    case
            when {{ grains }} = 0
                then null
    {%- for size in feature_store._powers_of_two(window.grains) %}
            {%- set range = function ~ '(\n' ~ ' ' * 20 ~ 'newest.'
                ~ feature_store._range_name(extreme, 'of', size) ~ ',\n' ~ ' ' * 20 ~ before ~ '.'
                ~ feature_store._range_name(extreme, 'next', size) ~ '\n' ~ ' ' * 16 ~ ')' %}
            {% if loop.last -%}
            else
                {{ range }}
            {%- else -%}
            when {{ grains }} < {{ size * 2 }}
                then {{ range | indent(4) }}
            {%- endif %}
    {%- endfor %}
        end
{%- endmacro -%}

{#- The latest load of an event in the widest window or of those that have just left it. -#}
{%- macro _known_at_sql(plan) -%}
    {%- if plan.positions.lifetime -%}
        newest.known_at
    {%- else -%}
        {%- set window = plan.windows[-1] -%}
        greatest(
            {{ feature_store._range_extreme_sql('_known_at', 'max', window) | indent(4) }},
            if(
                feature_times._kind = {{ plan.windows | length }},
                before_{{ window.name }}._known_at,
                null
            )
        ) as known_at
    {%- endif -%}
{%- endmacro -%}

{#- The condition that no event of the window passes the aggregate's filter; nothing if that cannot
    happen or makes no difference. A lifetime without a filter is never empty, because an entity's
    first row has an event. -#}
{%- macro _is_empty_range_sql(aggregate, window) -%}
    {%- set before = 'feature_times._start - 1' if window.grains is none
        else 'feature_times._before_' ~ window.name -%}
    {%- if aggregate.passed -%}
        coalesce(newest._last_passed_{{ aggregate.passed }}, 0) <= {{ before }}
    {%- elif aggregate.has_empty and window.grains is not none -%}
        feature_times._grains_{{ window.name }} = 0
    {%- endif -%}
{%- endmacro -%}
