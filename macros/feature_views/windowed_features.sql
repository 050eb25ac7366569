{#- finish_feature_view() runs this SQL again for each part of the entities but the first. -#}
{%- macro windowed_features(events, declaration) -%}
    {%- if not execute -%}{{- return('') -}}{%- endif -%}
    {%- do feature_store.check_feature_view(declaration, windowed=true) -%}
    {%- set declaration = feature_store._completed(declaration) -%}
    {%- set plan = feature_store._windowed_view_plan(declaration, events) -%}
    {%- do feature_store._raise_errors(
        feature_store._node_label(model), feature_store._event_errors(events, declaration, plan)
    ) -%}
    {%- set changed = feature_store._incremental_tables(model).changed
        if feature_store._is_incremental_view() and feature_store.is_increment() else none -%}
    {%- set part = feature_store._current_part() -%}
    {%- do plan.update({'positions': feature_store._position_plan(plan, events, part)}) -%}
-- Made by windowed_features() from config.meta.feature_view of {{ model.name }}.
-- Grain: one row per {{ declaration.entity | join(', ') | replace('\n', ' ') }} and feature_time.
with

{{ feature_store._events_sql(events, plan, changed, part) }}

{{ feature_store._per_grain_sql(plan, changed) }}

{{ feature_store._distinct_values_sql(plan, changed) -}}
{{ feature_store._grains_sql(plan) }}

{% if plan.positions -%}
{{ feature_store._so_far_sql(plan) -}}
{{ feature_store._positions_sql(plan, changed) }}

{{ feature_store._feature_times_sql(plan, changed) }}

{% if 'grain_frames' in plan.positions.frames -%}
{{ feature_store._grain_frames_sql(plan) }}

{% endif -%}
{{ feature_store._event_frames_sql(plan) -}}
{{ feature_store._position_features_sql(plan, changed) }}
{%- else -%}
{{ feature_store._changes_sql(plan, changed) }}

{{ feature_store._grain_frames_sql(plan) }}

{{ feature_store._event_frames_sql(plan) -}}
{{ feature_store._features_sql(plan, changed) }}
{%- endif %}
{%- endmacro -%}
