{#- SQL of the counts of a feature view's events, an aggregate over rows with the entity's columns,
    _rows, _events (the rows that have a time), _after_load and _latest_after_load: a struct of

    - events: all of them;
    - unused: those without an entity or a time, which give no row;
    - without_entity: those with a null in the entity's key;
    - without_event_time: those whose time is null or infinite;
    - after_load: those that are later than their own load;
    - latest_after_load: the latest time of these (UTC). -#}
{%- macro _event_counts_sql(entity) -%}
{%- set known = entity | join(' is not null and ') ~ ' is not null' -%}
{
    'events': coalesce(sum(_rows), 0)::bigint,
    'unused': coalesce(sum(_rows) - sum(_events) filter (where {{ known }}), 0)::bigint,
    'without_entity': coalesce(sum(_rows) filter (where not ({{ known }})), 0)::bigint,
    'without_event_time': coalesce(sum(_rows) - sum(_events), 0)::bigint,
    'after_load': coalesce(sum(_after_load), 0)::bigint,
    'latest_after_load': make_timestamp(max(_latest_after_load))
}
{%- endmacro -%}
