{#- The SQL expressions of a declaration, each with a query by which DuckDB checks it against the
    events: [{place, scope, expression, query}]; scope is events or features, whose columns it
    reads. DuckDB only plans the queries; they read one row of nulls of the events' types.

    plan: of the declaration.
    declaration: the feature view.
    columns: those of the events, name to type. -#}
{%- macro _declared_expressions(plan, declaration, columns) -%}
    {%- set nulls, expressions, made = [], [], {} -%}
    {%- for name, type in columns.items() -%}
        {%- do nulls.append('cast(null as ' ~ type ~ ') as ' ~ feature_store._quoted(name)) -%}
    {%- endfor -%}
    {%- set from_events = ' from (select ' ~ nulls | join(', ') ~ ') as events' -%}
    {%- for aggregate in plan.aggregates -%}
        {%- set sql = declaration.aggregates[aggregate.name].sql -%}
        {%- do expressions.append({
            'place': 'aggregates.' ~ aggregate.name ~ '.sql',
            'scope': 'events',
            'expression': sql,
            'query': 'select ' ~ sql
                ~ (' over ()' if aggregate.strategy == 'events' else '') ~ from_events,
        }) -%}
        {%- for window in aggregate.windows -%}
            {%- set name = aggregate.name ~ '_' ~ window.name -%}
            {%- do made.update({name: sql ~ ' as ' ~ name}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for key in plan.entity -%}
        {%- do made.update({declaration.entity[loop.index0]: 'any_value(' ~ key ~ ') as ' ~ key}) -%}
    {%- endfor -%}
    {%- set above = {} -%}
    {%- for name, sql in plan.derived.items() -%}
        {#- The query has only what the expression uses, so that no other error ends it. -#}
        {%- set text = feature_store._with_dependencies(sql, above) -%}
        {%- set used, listed = [], [] -%}
        {%- for column, made_by in made.items() if column | lower in text | lower -%}
            {%- do used.append(made_by) -%}
        {%- endfor -%}
        {%- for column, expression in above.items() if column in text -%}
            {%- do listed.append('(' ~ expression ~ ') as ' ~ feature_store._quoted(column)) -%}
        {%- endfor -%}
        {%- do expressions.append({
            'place': 'derived.' ~ name,
            'scope': 'features',
            'expression': sql,
            'query': 'select ' ~ (listed + ['(' ~ sql ~ ')']) | join(', ')
                ~ ' from (select ' ~ (used or ['count(*)']) | join(', ') ~ from_events
                ~ ') as features',
        }) -%}
        {%- do above.update({name: sql}) -%}
    {%- endfor -%}
    {{- return(expressions) -}}
{%- endmacro -%}

{#- The text of an expression followed by those of the derived features that it depends on, directly
    or through others. `above` are those declared before it: name to expression. -#}
{%- macro _with_dependencies(sql, above) -%}
    {%- set texts = namespace(all=sql) -%}
    {%- for name in above | list | reverse if name in texts.all -%}
        {%- set texts.all = texts.all ~ ' ' ~ above[name] -%}
    {%- endfor -%}
    {{- return(texts.all) -}}
{%- endmacro -%}
