{#- A query of the counts of all events of the windowed feature view being built, for a view that
    is not built incrementally; none if the view is made from more than one relation.

    declaration: the feature view, as in `config.meta.feature_view`. -#}
{%- macro _event_counts_of_full_build_sql(declaration) -%}
    {%- if model.refs | length + model.sources | length != 1 -%}{{- return(none) -}}{%- endif -%}
    {%- set time = 'epoch_us(' ~ feature_store._quoted(declaration.event_time) ~ ')' -%}
    {%- set is_after_load = time ~ ' > ' ~ feature_store._load_us_sql(
        feature_store._load_time(feature_store._event_table(model), declaration)
    ) -%}
    {%- set keys = feature_store._quoted_names(declaration.entity) -%}
    {%- set sql -%}
select {{ feature_store._event_counts_sql(keys) }} as _counts
from (
    select
        {{ keys | join(',\n        ') }},
        1 as _rows,
        if({{ time }} is null, 0, 1) as _events,
        if({{ is_after_load }}, 1, 0) as _after_load,
        if({{ is_after_load }}, {{ time }}, null) as _latest_after_load
    from {{ feature_store._event_table(model) }}
)
    {%- endset -%}
    {{- return(sql) -}}
{%- endmacro -%}
