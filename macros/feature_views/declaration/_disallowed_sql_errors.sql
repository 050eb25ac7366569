{#- Errors in the parts of one expression: unknown columns and functions, SQL not allowed there.

    given: the expression, one of _declared_expressions().
    parsed: its result of _parsed_expressions_sql().
    known: the names of the columns that it may read.
    events: relation of the events. -#}
{%- macro _disallowed_sql_errors(given, parsed, known, events) -%}
    {%- set is_aggregate = given.scope == 'events' -%}
    {%- set texts = [] -%}
    {%- if parsed.syntax -%}
        {%- do texts.append('SQL is allowed; DuckDB says: ' ~ parsed.syntax.split('\n')[0]) -%}
    {%- elif not parsed.is_one -%}
        {%- do texts.append('one expression is allowed, without an alias') -%}
    {%- endif -%}
    {#- The plan of a subquery calls functions of its own. -#}
    {%- set has_subquery = parsed.parts | selectattr('class', 'equalto', 'SUBQUERY') | list -%}
    {%- set volatile = [] if has_subquery else parsed.volatile | list -%}
    {%- set parameters = parsed.parts | selectattr('in_lambda') | map(attribute='name') | list -%}
    {%- set tops = parsed.parts | selectattr('is_top')
        | selectattr('class', 'equalto', 'FUNCTION') | list -%}
    {%- set head = feature_store._split_call(given.expression).head | lower
        if is_aggregate else none -%}
    {%- if is_aggregate and not parsed.syntax and (not tops or tops[0].is_aggregate == false) -%}
        {%- do texts.append('an aggregate function is allowed, such as sum, count or arg_max, and '
            ~ head ~ ' is ' ~ ('a window function' if tops and tops[0].is_window
                else 'not one: use it inside of one, or in derived')) -%}
    {%- endif -%}
    {%- for part in parsed.parts -%}
        {%- set name = part.name -%}
        {%- if part.class == 'SUBQUERY' -%}
            {%- do texts.append(
                'a subquery is not allowed: join what it reads in the model of the events'
                ~ (', and write = any(…) as in (…) or list_contains(…)'
                   if modules.re.search('(?i)\\b(any|all|some)\\s*\\(', given.expression))
            ) -%}
        {%- elif part.class == 'PARAMETER' -%}
            {%- do texts.append('a parameter is not allowed: nothing gives it a value') -%}
        {%- elif part.class == 'WINDOW' -%}
            {%- do texts.append(name ~ '() over (…) is not allowed: '
                ~ 'compute it in the model of the events') -%}
        {%- elif part.class == 'FUNCTION' and part.is_aggregate is none -%}
            {%- if parsed.binder_error and name != 'unnest' -%}
                {%- do texts.append('there is no function ' ~ name
                    ~ feature_store._similar_functions(name, is_aggregate and part.is_top)) -%}
            {%- endif -%}
        {%- elif part.class == 'FUNCTION' and part.is_aggregate and not (part.is_top and is_aggregate) -%}
            {%- do texts.append(
                'one aggregate is allowed, and it contains another, ' ~ name
                ~ ' (combine two of them in derived)'
                if is_aggregate else
                'an expression over one row is allowed, and ' ~ name
                ~ ' is an aggregate (declare it under aggregates)'
            ) -%}
        {%- elif part.is_volatile or (name == 'age' and part.arguments == 1) -%}
            {%- do volatile.append(name) -%}
        {%- elif part.class == 'COLUMN_REF' and parsed.binder_error and not part.in_lambda
            and name not in parameters
            and not feature_store._is_known_name(part.path, given.scope, known) -%}
            {%- do texts.append(
                (events ~ ' has no column ' if is_aggregate else 'the view has no feature ')
                ~ part.path | join('.')
                ~ feature_store._similar_names(part.path[-1] if name == given.scope else name, known)
                ~ ('. Next: correct it or, if it is new there, build ' ~ events.identifier ~ ' first'
                   if is_aggregate)
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in volatile | unique -%}
        {%- do texts.append(name ~ ' is not allowed: it gives another value in each run, so that '
            ~ 'rows made at different times would disagree') -%}
    {%- endfor -%}
    {%- set errors = [] -%}
    {%- for text in texts | unique -%}
        {%- do errors.append(
            given.place ~ ': ' ~ text ~ '; got ' ~ given.expression.split() | join(' ')
        ) -%}
    {%- endfor -%}
    {{- return(errors) -}}
{%- endmacro -%}
