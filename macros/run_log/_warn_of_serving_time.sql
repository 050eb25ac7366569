{#- Warn if the as_of of an online view is probably wrong: it is later than this run by more than the
    grain, or before the view's first row, or events of a view that is written by hand are later
    than their own load. The clock is used for this warning only.

    node: dbt's node of the online view.
    parents: its parents, from _online_parents().
    as_of_query: the query of the as_of. -#}
{%- macro _warn_of_serving_time(node, parents, as_of_query) -%}
    {%- set place, declaration = feature_store._node_label(node),
        feature_store._completed(node.config.meta.feature_view) -%}
    {%- set grain_us = feature_store._duration_us(declaration.grain) -%}
    {%- set features = parents.features.relation_name -%}
    {%- set given = var('as_of', none) is not none -%}
    {%- set serving = run_query(
        "select cast(as_of as varchar), as_of > timestamp '"
        ~ run_started_at.strftime('%Y-%m-%d %H:%M:%S') ~ "' + to_microseconds(" ~ grain_us ~ '), '
        ~ 'exists (from ' ~ features ~ ' where feature_time <= as_of), exists (from ' ~ features
        ~ ') from (' ~ as_of_query ~ ')'
    ).rows[0] -%}
    {%- if serving[1] -%}
        {%- do exceptions.warn(
            'Warning: ' ~ place ~ ': is served as of ' ~ serving[0]
            ~ ' (UTC), which lies in the future: windows that end before it have no events. Next: '
            ~ ('give as_of a time in the past' if given else 'correct the latest '
                ~ declaration.event_time ~ ' of its events, and give them loaded_at, '
                ~ 'which bounds it')
            ~ ', build again, then export with --force if this was exported'
        ) -%}
    {%- elif given and serving[3] and not serving[2] -%}
        {%- do exceptions.warn(
            'Warning: ' ~ place ~ ': as_of ' ~ serving[0]
            ~ ' (UTC) is before the first row of the view: nothing is served. '
            ~ 'Next: give a later as_of, or none'
        ) -%}
    {%- endif -%}
    {%- set is_counted = run_query(
        "select count(*) from " ~ feature_store._operations('event_counts') ~ " "
        ~ "where unique_id = '" ~ parents.features.unique_id ~ "'"
    ).rows[0][0] -%}
    {%- if not is_counted -%}
        {%- set times = run_query(
            'select count(*) filter (where _event_us > _loaded_us), count(*), '
            ~ 'cast(make_timestamp(max(_event_us) filter (where _event_us > _loaded_us)) as varchar) '
            ~ 'from ' ~ feature_store._event_times_sql(
                parents.events, declaration.event_time, declaration.loaded_at
            )
        ).rows[0] -%}
        {%- if times[0] -%}
            {%- do feature_store._warn_of_events_after_load(
                place, declaration.event_time, times[0] | int, times[1] | int, times[2]
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro -%}
