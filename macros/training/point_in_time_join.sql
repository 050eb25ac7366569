{%- macro point_in_time_join(spine, feature_views, time='label_time', mode='as_recomputed') -%}
    {%- if not execute -%}{{- return('') -}}{%- endif -%}
    {%- set views = feature_store._point_in_time_plan(feature_views, time, mode) -%}
    {%- set time_column = feature_store._unquoted(time) -%}
-- Made by point_in_time_join(), {{ mode }}: features as of {{ time_column | replace('\n', ' ') }}.
-- Grain: one row per row of the spine.
with

spine as (

    select
        given.*,
        row_number() over () as _spine_row,
        {{ feature_store._utc_timestamp_sql(
            'given.' ~ feature_store._quoted_if_needed(time), 'time column ' ~ time_column
        ) | indent(8) }} as _spine_time
    from {{ spine }} as given

),

{{ feature_store._point_in_time_type_check_sql(views, time) }}

{% for of_spine in views | groupby('spine') -%}
{{ feature_store._point_in_time_spine_sql(of_spine[0], of_spine[1][0].entity.values()) }}

{% endfor -%}
{% for view in views -%}
{{ feature_store._point_in_time_view_sql(view, mode) }}

{% endfor -%}
joined as (

    select
        checked_types._types_are_ok,
        spine.*
        {%- for view in views %},
        {%- if view.select is none %}
        {{ view.name }}_features.* exclude (_spine_row{{ ', _match_count' if mode == 'as_served' }})
        {%- else -%}
        {%- for column in view.columns %}
        {{ view.name }}_features.{{ feature_store._quoted(column) }}{{ ',' if not loop.last }}
        {%- endfor %}
        {%- endif %}
        {%- endfor %}
    from spine
    cross join checked_types
    {%- for view in views %}
    left join {{ view.name }}_features
        on spine._spine_row = {{ view.name }}_features._spine_row
    {%- endfor %}

)

select * exclude (_spine_row, _spine_time, _types_are_ok)
from joined
where
    _types_are_ok
    {%- for view in views %}
    and (
        select count({{ view.name }}_checked.is_wrong)
        from {{ view.name }}_checked
    ) = 0
    {%- endfor %}
order by _spine_row
{%- endmacro -%}
