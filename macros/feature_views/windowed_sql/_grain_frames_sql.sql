{#- The aggregates over windows of grains and the running counts of distinct values. The partial
    results of a grain are in the row in which they become visible, one grain later. With them:

    - _last_grain: the last grain with an event, which determines the windows that are empty;
    - _last_passed_<aggregate>: the same for the events that pass the aggregate's filter;
    - known_at: the latest load of an event that the row depends on: the events in the widest window
      and those that have just left it. -#}
{%- macro _grain_frames_sql(plan) -%}
{%- set partition = plan.entity | join(', ') -%}
{%- set widest = plan.windows[-1].grains -%}
{%- set combined = plan.aggregates | selectattr('strategy', 'equalto', 'grains') | list -%}
{%- set filtered = [] -%}
{%- for aggregate in plan.aggregates if aggregate.passed == aggregate.name -%}
    {%- do filtered.append(aggregate) -%}
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
        grains._grain as _new_grain,
        grains._known_at
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
        {%- for aggregate in plan.aggregates if aggregate.strategy == 'distinct' %}
        {%- for window in aggregate.windows %}
        {%- set column = aggregate.name ~ '_' ~ window.name %}
        cast(sum({{ column }}) over so_far as bigint) as {{ column }},
        {%- endfor %}
        {%- endfor %}
        {%- for aggregate in filtered %}
        last_value(_passed_{{ aggregate.name }} ignore nulls) over so_far
        {#- #} as _last_passed_{{ aggregate.name }},
        {%- endfor %}
        last_value(_new_grain ignore nulls) over so_far as _last_grain,
        max(_known_at) over depended_on as known_at
    from visible
    window
        {%- if combined %}
        {{ feature_store._frame_windows_sql(plan, feature_store._used_windows(combined)) }},
        {%- endif %}
        depended_on as (
            partition by {{ partition }} order by _grain
            range between {{ widest if widest is not none else 'unbounded' }} preceding and current row
        ),
        so_far as (
            partition by {{ partition }} order by _grain
            rows between unbounded preceding and current row
        )

),
{%- endmacro -%}
