{#- Events are compared, not load times, so that removed and corrected rows are found too. -#}
{%- macro find_changed_entities() -%}
    {%- if not execute or not feature_store._is_incremental_view()
        or not feature_store._is_windowed() -%}
        {{- return('') -}}
    {%- endif -%}
    {%- set declaration = feature_store._completed(model.config.meta.feature_view) -%}
    {%- set names = feature_store._incremental_tables(model) -%}
    {%- set events = feature_store._event_table(model) -%}
    {%- set plan = feature_store._windowed_view_plan(declaration, events) -%}
    {%- set columns = feature_store._compared_columns(
        feature_store._column_names(events), declaration, plan.loaded_at
    ) -%}
    {%- set seen = adapter.get_relation(this.database, names.schema, names.seen) -%}
    {%- set is_increment = feature_store.is_increment() -%}
    {%- do context.update({'_is_increment': is_increment}) %}
create or replace temporary table {{ names.changed }} as
{{ feature_store._changed_entities_sql(
    events, plan, columns, names.seen_in_schema if is_increment and seen else none
) }};
    {%- if not is_increment or not seen %}
create or replace table {{ names.seen_in_schema }} as
from {{ names.changed }}
select
    {{ plan.entity | join(',\n    ') }},
    _events,
    _fingerprint,
    _loaded_until
limit 0;
    {%- endif %}
    {%- if is_increment %}
delete from {{ this }} as built
using {{ names.changed }} as changed
where
    {%- for key in plan.entity %}
    {{ 'and ' if not loop.first }}built.{{ key }} = changed.{{ key }}
    {%- endfor %}
    and (
        changed._from_grain is null
        or built.feature_time > make_timestamp(changed._from_grain * {{ plan.grain_us }})
    );
        {%- if not seen %}
delete from {{ this }};
        {%- endif %}
    {%- endif %}
{%- endmacro -%}
