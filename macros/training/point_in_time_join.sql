{#- The whole SQL of a training set: the rows of a spine, each with the features as they stood at its time.

    Rows, order and columns of the spine stay as they are; its features follow, view by view. A null key
    matches nothing, and where no row held yet the features are null.

    spine: relation of rows with entity keys and a time, usually labels.
    feature_views: a list of mappings, one a feature view:
        features: relation of the view's version; for as_served its snapshot.
        entity: its key columns, or a mapping of key column to the spine's column of another name.
        select: the features to take; all, where it is left out. feature_time and known_at can be taken too.
        prefix: goes in front of their names. That a column of the spine has such a name too is
            nothing that a macro can see: enforce the model's contract.
        max_age: duration; features whose feature_time is older than this at the spine's time are null.
    time: the spine's time column; what has no zone is UTC.
    mode: as_recomputed takes what is known today; as_served what was served then, from snapshots. -#}
{%- macro point_in_time_join(spine, feature_views, time='label_time', mode='as_recomputed') -%}
    {%- if not execute -%}{{- return('') -}}{%- endif -%}
    {%- set views = feature_store._point_in_time_plan(feature_views, time, mode) -%}
-- Made by point_in_time_join(), {{ mode }}: what held at {{ feature_store._plain_name(time) | replace('\n', ' ') }}.
-- Grain: one row per row of the spine.
with

spine as (

    select
        given.*,
        row_number() over () as _spine_row,
        {{ feature_store._instant_sql(
            'given.' ~ feature_store._name(time), 'time column ' ~ feature_store._plain_name(time)
        ) | indent(8) }} as _spine_time
    from {{ spine }} as given

),

{{ feature_store._point_in_time_types_sql(views, time) }}

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
        {{ view.name }}_features.* exclude (_spine_row{{ ', _rows_held' if mode == 'as_served' }})
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
