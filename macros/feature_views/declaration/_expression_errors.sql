{#- The errors in the SQL of a declaration, and in its values for empty windows, given the
    events' columns.

    events: relation of the events.
    declaration: the feature view, without other errors.
    plan: of the declaration.
    columns: those of the events, name to type. -#}
{%- macro _expression_errors(events, declaration, plan, columns) -%}
    {%- set expressions = feature_store._declared_expressions(plan, declaration, columns) -%}
    {%- set parsed = fromjson(
        run_query(feature_store._parsed_expressions_sql(expressions)).columns[0].values()[0]
    ) -%}
    {%- set known = {
        'events': columns.keys() | list,
        'features': declaration.entity + feature_store._feature_names(plan) + plan.derived.keys() | list,
    } -%}
    {%- set errors, wrong = [], [] -%}
    {%- for given in expressions -%}
        {%- set found = parsed[loop.index0] -%}
        {%- set told = feature_store._disallowed_sql_errors(given, found, known[given.scope], events) -%}
        {%- set aggregate = plan.aggregates[loop.index0] if given.scope == 'events' else none -%}
        {%- if not told -%}
            {%- set told = feature_store._binding_errors(given, found, wrong, known.features) -%}
        {%- endif -%}
        {%- if told -%}
            {%- do wrong.append(aggregate.name ~ '_' if aggregate else given.place.split('.')[1]) -%}
        {%- elif aggregate and not found.refused -%}
            {%- do told.extend(feature_store._empty_value_errors(aggregate, found.type, given.query)) -%}
        {%- endif -%}
        {%- do errors.extend(told) -%}
    {%- endfor -%}
    {{- return(errors) -}}
{%- endmacro -%}

{#- DuckDB's binder error of an expression without another error; none where one of those that
    it is derived from is wrong already. -#}
{%- macro _binding_errors(given, parsed, wrong, features) -%}
    {%- set refused = parsed.refused -%}
    {%- if not refused -%}{{- return([]) -}}{%- endif -%}
    {%- for name in wrong if given.scope == 'features' and name in given.query -%}
        {{- return([]) -}}
    {%- endfor -%}
    {%- if refused.error_type not in
        ['binder', 'catalog', 'parser', 'conversion', 'invalid input', 'out of range'] -%}
        {#- such as a plan that cannot be written as JSON -#}
        {{- return([]) -}}
    {%- endif -%}
    {%- set message = refused.error_message.split('\n')[0] | trim -%}
    {%- if refused.call -%}
        {%- set found = modules.re.findall('(?m)^\\s+(\\S.*->.*)$', refused.error_message) -%}
        {%- set message = 'there is no ' ~ refused.call ~ '; there are '
            ~ found[:4] | join(', ')
            ~ (' and ' ~ (found | length - 4) ~ ' more' if found | length > 4 else '') -%}
    {%- elif given.scope == 'features' and refused.name in features -%}
        {%- set message = refused.name ~ ' is derived further down; only what stands above can be '
            ~ 'used. Next: put it above' -%}
    {%- endif -%}
    {%- set got = given.expression.split() | join(' ') -%}
    {{- return([given.place ~ ': ' ~ message ~ '; got ' ~ got]) -}}
{%- endmacro -%}

{#- The names of the features that are aggregates, not derived. -#}
{%- macro _feature_names(plan) -%}
    {%- set names = [] -%}
    {%- for aggregate in plan.aggregates -%}
        {%- for window in aggregate.windows -%}
            {%- do names.append(aggregate.name ~ '_' ~ window.name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(names) -}}
{%- endmacro -%}
