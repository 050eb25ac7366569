{#- Post-hook of a windowed feature view: make the rows of the other parts of its entities, and keep what the
    events were that all of its rows were made from. -#}
{%- macro finish_feature_view() -%}
    {%- if not execute or not feature_store._is_incremental_view() -%}{{- return('') -}}{%- endif -%}
    {%- set entity = feature_store._quoted_names(model.config.meta.feature_view.entity) -%}
    {%- set names = feature_store._incremental_names(model) -%}
    {%- do feature_store._make_other_parts(names.changed) %}
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
