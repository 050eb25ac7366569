{#- What the plan of positions needs beside the view's plan, or none if the view is computed by frames
    alone. It also sets the `method` of each aggregate:

    - totals: the difference of two running totals; for counts and sums of whole numbers and
      decimals, which are exact;
    - extremes: the least or greatest of two ranges;
    - frames: any other, among them sums of doubles, whose differences would not be exact.

    Frames alone are used where the types or the order of rows are not known to suit: in unit tests,
    outside of incremental views, for windows of more grains than DuckDB's lead() can look ahead in a
    stream, and where positions would take too much memory: with too many columns of ranges, and for a
    part of a single entity with very many events. The definition of a model is rendered with frames, so the choice does not change it.

    Returns a mapping:
    - lifetime: whether the view has one
    - totals: [{name, part, type}]
    - present: mapping of columns with the last position that has a value to the part of a grain
    - extremes: [{part, combine, longest}], combine: least or greatest
    - longest: the greatest of these numbers of grains
    - joined: the windows whose begin is looked up
    - frames: names of the CTEs with the results of frames -#}
{%- macro _position_plan(plan, events, part) -%}
    {%- for aggregate in plan.aggregates -%}
        {%- do aggregate.update({'method': 'frames'}) -%}
    {%- endfor -%}
    {%- if not this or events is string or context.get('_renders_full_build')
        or flags.WHICH not in ['build', 'run', 'compile']
        or not feature_store._is_incremental_view()
        or not feature_store._suits_positions(plan, events, part) -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set types = feature_store._argument_types(plan, events) -%}
    {%- set by_positions = [] -%}
    {%- for aggregate in plan.aggregates -%}
        {%- do aggregate.update({'method': feature_store._position_method(aggregate, types)}) -%}
        {%- if aggregate.method != 'frames' -%}{%- do by_positions.append(aggregate) -%}{%- endif -%}
    {%- endfor -%}
    {%- set positions = feature_store._position_columns(plan, by_positions, types) -%}
    {%- set range_columns = [] -%}
    {%- for extreme in positions.extremes -%}
        {%- do range_columns.extend(2 * feature_store._powers_of_two(extreme.longest)) -%}
    {%- endfor -%}
    {%- if not by_positions or range_columns | length > feature_store._most_range_columns() -%}
        {%- for aggregate in plan.aggregates -%}
            {%- do aggregate.update({'method': 'frames'}) -%}
        {%- endfor -%}
        {{- return(none) -}}
    {%- endif -%}
    {{- return(positions) -}}
{%- endmacro -%}

{#- Whether the events, the windows and the warehouse suit the plan of positions. -#}
{%- macro _suits_positions(plan, events, part) -%}
    {%- if plan.windows[-1].grains is not none
        and plan.windows[-1].grains > feature_store._longest_range() -%}
        {{- return(false) -}}
    {%- endif -%}
    {%- if feature_store._read_error(events) -%}{{- return(false) -}}{%- endif -%}
    {%- set checks = "select current_setting('preserve_insertion_order')" -%}
    {#- The first part, which is rendered before the entities are known, has no large ones. -#}
    {%- if part -%}
        {%- set checks = checks ~ ' and not bool_or(_events > ' ~ feature_store._large_entity()
            ~ ') from ' ~ feature_store._incremental_tables(model).changed
            ~ ' where _part = ' ~ part -%}
    {%- endif -%}
    {{- return(run_query(checks).columns[0].values()[0]) -}}
{%- endmacro -%}

{#- The most grains of a window that ranges of positions cover: below the 2048 rows that DuckDB's
    lead() looks ahead in a stream. -#}
{%- macro _longest_range() -%}
    {{- return(2047) -}}
{%- endmacro -%}

{#- The most columns with the least or greatest values of ranges. A part of a million events, each in
    a grain of its own, takes 1.5 GB with 28 of them; with 80, 60,000 events took more than 300 MB
    where frames took 80. -#}
{%- macro _most_range_columns() -%}
    {{- return(64) -}}
{%- endmacro -%}

{#- The types of the aggregates' arguments by the aggregates' names. -#}
{%- macro _argument_types(plan, events) -%}
    {%- set arguments, names = [], [] -%}
    {%- for aggregate in plan.aggregates
        if aggregate.strategy == 'grains' and not aggregate.counts
        and not modules.re.match('(?i)all\\b', aggregate.argument) -%}
        {%- do names.append(aggregate.name) -%}
        {%- do arguments.append('(' ~ aggregate.argument ~ ') as a' ~ loop.index0) -%}
    {%- endfor -%}
    {%- if not names -%}{{- return({}) -}}{%- endif -%}
    {%- set types = feature_store._columns_of(
        'select ' ~ arguments | join(', ') ~ ' from ' ~ events ~ ' as events'
    ) -%}
    {{- return(dict(zip(names, types.values()))) -}}
{%- endmacro -%}

{#- How an aggregate is computed in the plan of positions: see _position_plan(). -#}
{%- macro _position_method(aggregate, types) -%}
    {%- if aggregate.counts -%}
        {{- return('frames' if aggregate.strategy == 'events' else 'totals') -}}
    {%- endif -%}
    {%- set type = types.get(aggregate.name) -%}
    {%- if aggregate.combine == 'sum' -%}
        {{- return('totals' if feature_store._total_type(type) else 'frames') -}}
    {%- endif -%}
    {%- set bounded = aggregate.windows | map(attribute='grains') | reject('none') | list -%}
    {%- set is_short = not bounded or bounded[-1] <= feature_store._longest_range() -%}
    {%- set is_simple = modules.re.fullmatch(
        'BOOLEAN|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL.*|DATE|TIME|TIMESTAMP.*',
        type or ''
    ) -%}
    {{- return('extremes' if is_short and is_simple else 'frames') -}}
{%- endmacro -%}

{#- The type of running totals of values of a type; none if they are not exact, or could be too large
    for it together although those of each entity are not. -#}
{%- macro _total_type(type) -%}
    {%- if modules.re.fullmatch('BOOLEAN|U?(TINY|SMALL|BIG)INT|U?INTEGER', type or '') -%}
        {{- return('hugeint') -}}
    {%- endif -%}
    {%- set decimal = modules.re.fullmatch('DECIMAL\\((\\d+),(\\d+)\\)', type or '') -%}
    {%- if decimal and decimal.group(1) | int <= 26 -%}
        {{- return('decimal(38, ' ~ decimal.group(2) ~ ')') -}}
    {%- endif -%}
    {{- return(none) -}}
{%- endmacro -%}

{#- The mapping that _position_plan() returns. -#}
{%- macro _position_columns(plan, aggregates, types) -%}
    {%- set lifetime = plan.windows[-1].grains is none -%}
    {%- set totals, present, extremes, joined = [], {}, [], {} -%}
    {%- if not lifetime -%}
        {%- do extremes.append({
            'part': '_known_at', 'combine': 'greatest', 'longest': plan.windows[-1].grains
        }) -%}
        {%- do joined.update({plan.windows[-1].name: plan.windows[-1]}) -%}
    {%- endif -%}
    {%- for aggregate in aggregates -%}
        {%- set windows = aggregate.windows | rejectattr('grains', 'none') | list -%}
        {%- for window in windows -%}
            {%- do joined.update({window.name: window}) -%}
        {%- endfor -%}
        {%- if windows and aggregate.method == 'extremes' -%}
            {%- do extremes.append({
                'part': '_part_' ~ aggregate.name,
                'combine': 'least' if aggregate.combine in ['min', 'bool_and'] else 'greatest',
                'longest': windows[-1].grains,
            }) -%}
        {%- elif windows and aggregate.strategy == 'distinct' -%}
            {%- for window in windows -%}
                {%- set name = aggregate.name ~ '_' ~ window.name -%}
                {%- do totals.append({'name': name, 'part': '_new_' ~ name, 'type': 'bigint'}) -%}
                {%- do totals.append(
                    {'name': 'left_' ~ name, 'part': '_stay_' ~ name, 'type': 'bigint'}
                ) -%}
            {%- endfor -%}
        {%- elif windows -%}
            {%- do totals.append({
                'name': aggregate.name,
                'part': '_part_' ~ aggregate.name,
                'type': 'bigint' if aggregate.counts
                    else feature_store._total_type(types[aggregate.name]),
            }) -%}
            {%- if not aggregate.counts -%}
                {%- do present.update({
                    '_last_' ~ aggregate.name: '_part_' ~ aggregate.name
                }) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set frames = [] -%}
    {%- for aggregate in plan.aggregates -%}
        {%- if aggregate.passed == aggregate.name -%}
            {%- do present.update({
                '_last_passed_' ~ aggregate.name: '_passed_' ~ aggregate.name
            }) -%}
        {%- endif -%}
        {%- if aggregate.method == 'frames' -%}
            {%- do frames.append(
                'event_frames' if aggregate.strategy == 'events' else 'grain_frames'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do plan.update({'has_frames': frames | length > 0}) -%}
    {{- return({
        'lifetime': lifetime,
        'totals': totals,
        'present': present,
        'extremes': extremes,
        'longest': extremes | map(attribute='longest') | max if extremes else 1,
        'joined': joined.values() | list,
        'frames': frames | unique | list,
    }) -}}
{%- endmacro -%}
