{% test saw_no_future(model, events, entity, event_time, loaded_at=none) %}
{%- set entity = feature_store._quoted_names(entity) -%}
{%- set load = feature_store._load_time(
    events, {'event_time': event_time, 'loaded_at': loaded_at}
) -%}
{%- set known = load if load == 'loaded_at' else 'make_timestamp(epoch_us(' ~ load ~ '))' -%}
{%- set event_time = feature_store._quoted(event_time) -%}
with

loads as (

    select
        {{ entity | join(',
        ') }},
        {{ event_time }} as event_time,
        max({{ known }}) as loaded_at
    from {{ events }}
    group by
        {{ entity | join(',
        ') }},
        {{ event_time }}

),

latest_loads as (

    select
        {{ entity | join(',
        ') }},
        event_time,
        max(loaded_at) over (
            partition by {{ entity | join(', ') }}
            order by event_time
            rows between unbounded preceding and current row
        ) as latest_load
    from loads

),

explained as (

    select
        {%- for key in entity %}
        features.{{ key }},
        {%- endfor %}
        features.feature_time,
        features.known_at,
        latest_loads.event_time,
        latest_loads.latest_load
    from {{ model }} as features
    asof left join latest_loads
        on
            {%- for key in entity %}
            features.{{ key }} = latest_loads.{{ key }} and
            {%- endfor %}
            features.feature_time > latest_loads.event_time

),

validation_errors as (

    select * from explained
    where event_time is null or known_at > latest_load

)

select * from validation_errors
{% endtest %}
