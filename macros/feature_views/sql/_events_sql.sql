{#- The events that have an entity and a time, with the number of the grain they fall into. -#}
{%- macro _events_sql(events, plan) -%}
events as (

    select
        *,
        {{ feature_store._grain_number(plan.event_time, plan.grain) }} as _grain
    from {{ events }}
    where
        {{ plan.event_time }} is not null
        {%- for key in plan.entity %}
        and {{ key }} is not null
        {%- endfor %}

),
{%- endmacro -%}
