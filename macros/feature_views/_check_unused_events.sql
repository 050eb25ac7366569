{#- Record in operations.event_counts how many events a feature view has and how many are unused.
    Warn about unused events, and end the build if their share exceeds `max_unused` of the
    declaration. Warn about events that are later than their own load; these are used.

    declaration: the feature view, as in `config.meta.feature_view`.
    counts: a query of one row, the struct of _event_counts_sql() as _counts. -#}
{%- macro _check_unused_events(declaration, counts) -%}
    {%- set place = feature_store._node_label(model) -%}
    {#- as a text, because DuckDB has years that Python does not have -#}
    {%- set row = run_query(
        'select * replace (cast(latest_after_load as varchar) as latest_after_load) '
        ~ 'from (select unnest(_counts) from (' ~ counts ~ '))'
    ).rows[0] -%}
    {%- set events, unused, without_entity, without_time, after_load, latest
        = row[0] | int, row[1] | int, row[2] | int, row[3] | int, row[4] | int, row[5] -%}
    {%- do run_query(
        "insert or replace into " ~ feature_store._operations('event_counts') ~ " values ('" ~ model.unique_id ~ "', '"
        ~ model.name ~ ':v' ~ feature_store._version_of(model) ~ "', "
        ~ [events, unused, without_entity, without_time, after_load] | join(', ') ~ ', '
        ~ ("'" ~ latest ~ "'" if latest else 'null') ~ ", '" ~ invocation_id ~ "')"
    ) -%}
    {%- if unused -%}
        {%- set allowed = declaration.get('max_unused', 0.5) -%}
        {%- set message = (
            '{:,} of {:,} events ({:.1%}) are not used: {:,} without {}, {:,} without {}'
        ).format(
            unused, events, unused / events,
            without_entity, declaration.entity | join(' or '), without_time, declaration.event_time
        ) -%}
        {%- if unused > allowed * events -%}
            {%- do feature_store._raise_errors(place, [
                message ~ '. Allowed: {:.1%} (max_unused). '.format(allowed)
                ~ 'Next: repair them in staging, or, if they are right, declare the share that is '
                ~ 'expected, such as max_unused: '
                ~ '{:.2f}'.format([unused / events + 0.01, 1] | min)
            ]) -%}
        {%- endif -%}
        {%- do exceptions.warn(
            'Warning: ' ~ place ~ ': ' ~ message ~ ' ('
            ~ var('feature_store_operations_schema', 'operations') ~ '.event_counts)'
        ) -%}
    {%- endif -%}
    {%- if after_load -%}
        {%- do feature_store._warn_of_events_after_load(
            place, declaration.event_time, after_load, events, latest
        ) -%}
    {%- endif -%}
{%- endmacro -%}
