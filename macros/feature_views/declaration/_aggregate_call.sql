{#- The parts of a plain SQL aggregate call, or none if the text is not exactly one call.

    Returns a mapping: `call` (without the filter), `filter` (the condition of a trailing
    `filter (where …)`, or none), `value` (what a `count(distinct …)` counts, or none) and
    `strategy`, which says how its windows are computed:

    - grains: results of single grains are combined by `combine` (count, sum, min, max, bool_*);
    - distinct: by the grains in which a value enters and leaves a window;
    - events: any other aggregate, by frames over the events themselves.

    `argument` is the SQL between the parentheses. -#}
{%- macro _aggregate_call(text) -%}
    {%- set parts = feature_store._split_call(text | string) -%}
    {%- if parts is none or not modules.re.fullmatch('[A-Za-z_][A-Za-z0-9_]*', parts.head) -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set condition = none -%}
    {%- if parts.rest -%}
        {%- set clause = feature_store._split_call(parts.rest) -%}
        {%- if clause is none or clause.head | lower != 'filter' or clause.rest
            or not modules.re.match('(?i)where\\b', clause.inner) -%}
            {{- return(none) -}}
        {%- endif -%}
        {%- set condition = clause.inner[5:] | trim -%}
    {%- endif -%}

    {%- set function = parts.head | lower -%}
    {%- set combine = {'count': 'sum', 'sum': 'sum', 'min': 'min', 'max': 'max',
                       'bool_and': 'bool_and', 'bool_or': 'bool_or'}.get(function) -%}
    {%- set distinct = modules.re.fullmatch('(?is)distinct\\b(.*)', parts.inner) -%}
    {%- set ordered = modules.re.search('(?i)\\border\\s+by\\b', parts.inner) -%}
    {%- if parts.has_comma or ordered -%}
        {%- set strategy = 'events' -%}
    {%- elif distinct -%}
        {%- set strategy = 'distinct' if function == 'count' else 'events' -%}
    {%- else -%}
        {%- set strategy = 'grains' if combine else 'events' -%}
    {%- endif -%}
    {{- return({
        'call': parts.head ~ '(' ~ parts.inner ~ ')',
        'argument': parts.inner,
        'filter': condition,
        'value': distinct.group(1) | trim if strategy == 'distinct' else none,
        'counts': function == 'count',
        'combine': combine,
        'strategy': strategy,
    }) -}}
{%- endmacro -%}
