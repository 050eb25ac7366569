{%- macro online_features(features, events, declaration) -%}
    {%- if not execute -%}{{- return('') -}}{%- endif -%}
    {%- do feature_store.check_feature_view(declaration) -%}
    {%- set declaration = feature_store._completed(declaration) -%}
    {%- set entity = declaration.entity -%}
    {%- set keys = feature_store._quoted_names(entity) -%}
-- Made by online_features() from config.meta.feature_view of {{ model.name }}.
-- Grain: one row per {{ entity | join(', ') | replace('\n', ' ') }}.
with

run as (

    {{ feature_store.as_of(
        events, declaration.event_time, declaration.grain, declaration.loaded_at
    ) }}

),

latest as (

    select
        {{ keys | join(',\n        ') }},
        max(feature_time) as feature_time
    from {{ features }}
    where feature_time <= (select run.as_of from run)
    group by
        {{ keys | join(',\n        ') }}

)

select features.*
from {{ features }} as features
inner join latest
    on
        features.feature_time = latest.feature_time
        {%- for key in keys %}
        and features.{{ key }} = latest.{{ key }}
        {%- endfor %}
{% endmacro -%}
