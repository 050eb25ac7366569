{#- The CTEs that end a point-in-time join with an error if a row of the spine matches more than one
    row of a feature view: an entity has two rows with one feature_time or, in a snapshot, two that
    are valid at one time.

    The example is read for one row of the spine only, and costs nothing if there is no error. -#}
{%- macro _point_in_time_duplicate_check_sql(view, mode, valid_from) -%}
{%- set is_served = mode == 'as_served' -%}
-- The rows of the spine that match more than one row, which is an error.
{{ view.name }}_duplicates as (

    select _spine_row
    from {{ view.name }}_features
    {%- if not is_served %}
    -- Nothing is grouped as long as each match has found one row.
    where
        (select count(found._spine_row) from {{ view.name }}_features as found)
        > (select count(matches._spine_row) from {{ view.name }}_matches as matches)
    {%- endif %}
    group by _spine_row
    having count(*) > 1{{ ' or max(_match_count) > 1' if is_served }}

),

{{ view.name }}_example as (

    select features.*
    from (
        select min(_spine_row) as _spine_row
        from {{ view.name }}_duplicates
    ) as duplicates
    inner join spine
        on duplicates._spine_row = spine._spine_row
    inner join {{ view.name }}_rows as features
        on
            {{ feature_store._same_entity_sql('spine', 'features', view.entity) | indent(12) }}
            and spine._spine_time >= features.{{ valid_from }}
    order by features.{{ valid_from }} desc
    limit 1

),

{{ view.name }}_checked as (

    select
        error(
            {{ feature_store._literal('point_in_time_join: ' ~ view.relation) }}
            {%- if is_served %}
            || ' has more than one row of an entity at one time, for '
            {%- else %}
            || ' has duplicates, more than one row of an entity and feature_time, for '
            {%- endif %}
            || (select count(*) from {{ view.name }}_duplicates)
            || ' row(s) of the labels. Example: '
            {%- for key in view.entity %}
            || {{ feature_store._literal(key ~ ' ') }}
            || cast({{ feature_store._quoted(key) }} as varchar) || ', '
            {%- endfor %}
            || '{{ valid_from }} ' || {{ valid_from }}
            {%- if is_served %}
            || '. Allowed: one row from dbt_valid_from until before dbt_valid_to'
            {%- else %}
            || '. Allowed: one row. Next: build the view with dbt build --full-refresh'
            {%- endif %}
        ) as is_wrong
    from {{ view.name }}_example

),
{%- endmacro -%}
