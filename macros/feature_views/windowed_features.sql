{#- The whole SQL of a windowed feature view: one row per entity and feature time, with each
    aggregate over each window of the past, `feature_time - window <= event_time <
    feature_time`.

    A row stands where a value can change: at the first multiple of the grain after an event,
    and one window later, when the event leaves. It holds until the entity's next row.

    Of an incremental model that is there already, only the rows are made that
    find_changed_entities() found missing.

    In a run, entities are taken part by part, so that memory is bounded by `events_at_once`:
    the model's own statement makes the first part, finish_feature_view() the others.

    events: relation of events with the entity's columns, the event time and `loaded_at`.
    declaration: the feature view, as in `config.meta.feature_view`. -#}
{%- macro windowed_features(events, declaration) -%}
    {%- if not execute -%}{{- return('') -}}{%- endif -%}
    {%- do feature_store.check_feature_view(declaration, windowed=true) -%}
    {%- set plan = feature_store._plan(declaration) -%}
    {%- do feature_store._raise_errors(
        feature_store._place_of(model), feature_store._event_errors(events, declaration, plan)
    ) -%}
    {#- there is no `this` in a unit test -#}
    {%- set changed = feature_store._incremental_names(model).changed
        if this and feature_store._is_incremental_view() and is_incremental() else none -%}
    {%- set part = feature_store._part_being_made() -%}
-- Made by windowed_features() from config.meta.feature_view of {{ model.name }}.
-- Grain: one row per {{ declaration.entity | join(', ') | replace('\n', ' ') }} and feature_time.
with

{{ feature_store._events_sql(events, plan, changed, part) }}

{{ feature_store._per_grain_sql(plan, changed) }}

{{ feature_store._distinct_values_sql(plan, changed) -}}
{{ feature_store._grains_sql(plan) }}

{{ feature_store._changes_sql(plan, changed) }}

{{ feature_store._grain_frames_sql(plan) }}

{{ feature_store._event_frames_sql(plan) -}}
{{ feature_store._features_sql(plan, changed) }}
{%- endmacro -%}
