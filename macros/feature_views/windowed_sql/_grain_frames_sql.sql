{#- The aggregates over windows of grains and the running counts of distinct values. The partial
    results of a grain are in the row in which they become visible, one grain later. In the plan of
    positions these are the aggregates that it leaves to frames only; otherwise with them:

    - _last_grain: the last grain with an event, which determines the windows that are empty;
    - _last_passed_<aggregate>: the same for the events that pass the aggregate's filter;
    - known_at: the latest load of an event that the row depends on: the events in the widest window
      and those that have just left it. -#}
{%- macro _grain_frames_sql(plan) -%}
{%- set partition = plan.entity | join(', ') -%}
{%- set widest = plan.windows[-1].grains -%}
{%- set combined, filtered = [], [] -%}
{%- for aggregate in plan.aggregates -%}
    {%- if aggregate.strategy == 'grains' and aggregate.method == 'frames' -%}
        {%- do combined.append(aggregate) -%}
    {%- endif -%}
    {%- if aggregate.passed == aggregate.name and not plan.positions -%}
        {%- do filtered.append(aggregate) -%}
    {%- endif -%}
{%- endfor -%}
visible as (

    select
        changes.*,
        {%- for aggregate in combined %}
        grains._part_{{ aggregate.name }},
        {%- endfor %}
        {%- for aggregate in filtered %}
        grains._passed_{{ aggregate.name }},
        {%- endfor %}
        {%- if not plan.positions %}
        grains._grain as _new_grain,
        grains._known_at
        {%- endif %}
    from changes
    left join grains
        on
            changes._grain = grains._grain + 1
            {%- for key in plan.entity %}
            and changes.{{ key }} = grains.{{ key }}
            {%- endfor %}

),

grain_frames as (

    select
        {{ plan.entity | join(',\n        ') }},
        _grain,
        {%- for aggregate in combined %}{% for window in aggregate.windows %}
        {%- set part = '_part_' ~ aggregate.name %}
        {%- set result = aggregate.combine ~ '(' ~ part ~ ') over last_' ~ window.name %}
        {%- if aggregate.counts %}
            {%- set result = 'cast(coalesce(' ~ result ~ ', 0) as bigint)' %}
        {%- endif %}
        {{ result }}
        {#- #} as {{ aggregate.name }}_{{ window.name }},
        {%- endfor %}{% endfor %}
        {%- for aggregate in plan.aggregates if aggregate.strategy == 'distinct' and not plan.positions %}
        {%- for window in aggregate.windows %}
        {%- set column = aggregate.name ~ '_' ~ window.name %}
        cast(sum({{ column }}) over so_far as bigint) as {{ column }},
        {%- endfor %}
        {%- endfor %}
        {%- for aggregate in filtered %}
        last_value(_passed_{{ aggregate.name }} ignore nulls) over so_far
        {#- #} as _last_passed_{{ aggregate.name }},
        {%- endfor %}
        {%- if not plan.positions %}
        last_value(_new_grain ignore nulls) over so_far as _last_grain,
        max(_known_at) over depended_on as known_at
        {%- endif %}
    from visible
    window
        {%- if combined %}
        {{ feature_store._frame_windows_sql(plan, feature_store._used_windows(combined)) }}
        {{- ',' if not plan.positions }}
        {%- endif %}
        {%- if not plan.positions %}
        depended_on as (
            partition by {{ partition }} order by _grain
            range between {{ widest if widest is not none else 'unbounded' }} preceding and current row
        ),
        so_far as (
            partition by {{ partition }} order by _grain
            rows between unbounded preceding and current row
        )
        {%- endif %}

),
{%- endmacro -%}
