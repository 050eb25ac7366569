{#- A declaration without errors as the mapping from which the SQL is generated:

    - entity, event_time, loaded_at: the columns, as quoted identifiers
    - known_at: SQL of an event's load time, a timestamp
    - grain, grain_us
    - windows: [{name, grains}], ascending, the lifetime (grains none) last
    - aggregates: [{name, call, filter, value, counts, combine, strategy, has_empty, empty, passed,
      windows}]; passed: where `empty` depends on a filter, the name of the first such aggregate
      with the same filter
    - derived: mapping of column to expression -#}
{%- macro _windowed_view_plan(declaration, events) -%}
    {%- set grain_us = feature_store._duration_us(declaration.grain) -%}
    {%- set all_names = declaration.windows | list -%}
    {%- for aggregate in declaration.aggregates.values() -%}
        {%- do all_names.extend(aggregate.windows or []) -%}
    {%- endfor -%}
    {%- set windows = feature_store._ordered_windows(all_names, grain_us) -%}
    {%- set loaded_at = feature_store._load_time(events, declaration) -%}
    {%- set aggregates = [] -%}
    {%- set by_filter = {} -%}
    {%- for name, aggregate in declaration.aggregates.items() -%}
        {%- set call = feature_store._aggregate_call(aggregate.sql) -%}
        {%- do call.update({
            'name': name,
            'empty': aggregate.empty,
            'has_empty': 'empty' in aggregate,
            'passed': by_filter.setdefault(call.filter, name)
                if 'empty' in aggregate and call.filter else none,
            'windows': feature_store._ordered_windows(
                aggregate.windows or declaration.windows, grain_us
            ),
        }) -%}
        {%- do aggregates.append(call) -%}
    {%- endfor -%}
    {{- return({
        'entity': feature_store._quoted_names(declaration.entity),
        'event_time': feature_store._quoted(declaration.event_time),
        'loaded_at': loaded_at,
        'known_at': 'loaded_at' if loaded_at == 'loaded_at'
            else 'make_timestamp(epoch_us(' ~ loaded_at ~ '))',
        'grain': declaration.grain,
        'grain_us': grain_us,
        'windows': windows,
        'aggregates': aggregates,
        'derived': declaration.derived or {},
    }) -}}
{%- endmacro -%}

{#- Window names without repeats as [{name, grains}], ascending by length, the lifetime last. -#}
{%- macro _ordered_windows(names, grain_us) -%}
    {%- set windows = [] -%}
    {%- for name in names | unique if name != 'lifetime' -%}
        {%- do windows.append(
            {'name': name, 'grains': feature_store._duration_us(name) // grain_us}
        ) -%}
    {%- endfor -%}
    {%- set windows = windows | sort(attribute='grains') -%}
    {%- if 'lifetime' in names -%}
        {%- do windows.append({'name': 'lifetime', 'grains': none}) -%}
    {%- endif -%}
    {{- return(windows) -}}
{%- endmacro -%}
