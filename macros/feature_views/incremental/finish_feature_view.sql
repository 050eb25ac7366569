{%- macro finish_feature_view() -%}
    {%- if not execute or flags.WHICH not in ['build', 'run'] -%}{{- return('') -}}{%- endif -%}
    {%- set declaration = (model.config.get('meta') or {}).get('feature_view') or {} -%}
    {%- if not declaration -%}{{- return('') -}}{%- endif -%}
    {%- set declaration = feature_store._completed(declaration) -%}
    {%- set is_windowed = feature_store._is_windowed() -%}
    {%- if is_windowed and feature_store._is_incremental_view() -%}
        {%- set changed = feature_store._incremental_tables(model).changed -%}
        {%- do feature_store._build_other_parts(changed) -%}
        {%- do feature_store._check_unused_events(
            declaration, 'select _counts from ' ~ changed ~ ' where _counts is not null'
        ) -%}
        {%- do feature_store._check_feature_keys(declaration, changed) -%}
        {{- feature_store._record_events_sql(feature_store._quoted_names(declaration.entity)) -}}
    {%- else -%}
        {%- set counts = none -%}
        {%- if is_windowed -%}
            {%- set counts = feature_store._event_counts_of_full_build_sql(declaration) -%}
        {%- endif -%}
        {%- if counts -%}
            {%- do feature_store._check_unused_events(declaration, counts) -%}
        {%- endif -%}
        {%- do feature_store._check_feature_keys(declaration) -%}
        {%- if not counts %}
delete from {{ feature_store._operations('event_counts') }} where unique_id = '{{ model.unique_id }}';
        {%- endif -%}
    {%- endif -%}
{%- endmacro -%}

{#- Record the events that the rows of the changed entities were built from, by entity. -#}
{%- macro _record_events_sql(entity) -%}
{%- set names = feature_store._incremental_tables(model) -%}
delete from {{ names.seen_in_schema }} as seen
using {{ names.changed }} as changed
where
    {%- for key in entity %}
    {{ 'and ' if not loop.first }}seen.{{ key }} = changed.{{ key }}
    {%- endfor %};
insert into {{ names.seen_in_schema }}
select
    {{ entity | join(',\n    ') }},
    _events,
    _fingerprint,
    _loaded_until
from {{ names.changed }}
where _events > 0;
drop table {{ names.changed }};
{%- endmacro -%}
