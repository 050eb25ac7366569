{#- The errors in the SQL of a declaration and in its values for empty windows, given the columns
    of the events.

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
        'features': declaration.entity + feature_store._feature_names(plan)
            + plan.derived.keys() | list,
    } -%}
    {%- set errors, wrong = [], [] -%}
    {%- for given in expressions -%}
        {%- set found = parsed[loop.index0] -%}
        {%- set own = feature_store._disallowed_sql_errors(
            given, found, known[given.scope], events
        ) -%}
        {%- set aggregate = plan.aggregates[loop.index0] if given.scope == 'events' else none -%}
        {%- if not own -%}
            {%- set own = feature_store._binding_errors(given, found, wrong, known.features) -%}
        {%- endif -%}
        {%- if own -%}
            {%- do wrong.append(aggregate.name ~ '_' if aggregate else given.place.split('.')[1]) -%}
        {%- elif aggregate and not found.binder_error -%}
            {%- do own.extend(
                feature_store._empty_value_errors(aggregate, found.type, given.query)
            ) -%}
        {%- endif -%}
        {%- do errors.extend(own) -%}
    {%- endfor -%}
    {{- return(errors) -}}
{%- endmacro -%}

{#- DuckDB's binder error of an expression that has no other error. There is none if the expression
    depends on one that is wrong itself.

    wrong: the names, or beginnings of names, of features with an error. -#}
{%- macro _binding_errors(given, parsed, wrong, features) -%}
    {%- set found = parsed.binder_error -%}
    {%- if not found -%}{{- return([]) -}}{%- endif -%}
    {%- for name in wrong if given.scope == 'features' and name in given.query -%}
        {{- return([]) -}}
    {%- endfor -%}
    {%- if found.error_type not in
        ['binder', 'catalog', 'parser', 'conversion', 'invalid input', 'out of range'] -%}
        {#- such as a plan that cannot be written as JSON -#}
        {{- return([]) -}}
    {%- endif -%}
    {%- set message = found.error_message.split('\n')[0] | trim -%}
    {%- if found.call -%}
        {%- set overloads = modules.re.findall('(?m)^\\s+(\\S.*->.*)$', found.error_message) -%}
        {%- set others = overloads | length - 4 -%}
        {%- set message = 'there is no ' ~ found.call ~ '; there are '
            ~ overloads[:4] | join(', ') ~ (' and ' ~ others ~ ' more' if others > 0 else '') -%}
    {%- elif given.scope == 'features' and found.name in features -%}
        {%- set message = found.name ~ ' is declared after it; only the derived features before it '
            ~ 'can be used. Next: move ' ~ found.name ~ ' up' -%}
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
