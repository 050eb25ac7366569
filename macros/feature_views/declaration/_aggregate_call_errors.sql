{#- The errors in an aggregate's SQL: it is not one call, it contains another aggregate, or its
    result depends on the order of the rows. -#}
{%- macro _aggregate_call_errors(where, sql) -%}
    {%- set call = feature_store._aggregate_call(sql) -%}
    {%- if call is none -%}
        {{- return([
            where ~ ': one aggregate call is allowed, such as sum(amount) or '
            ~ 'count(*) filter (where quantity > 1) (combine two of them in derived); got ' ~ sql
        ]) -}}
    {%- endif -%}
    {%- set errors = [] -%}
    {%- set parts = feature_store._split_call(call.call) -%}
    {%- if parts.head | lower in ['first', 'last', 'first_value', 'last_value', 'nth_value'] -%}
        {%- do errors.append(
            where ~ ': arg_min(value, time) and arg_max(value, time) are allowed, but no '
            ~ parts.head | lower ~ ', which depends on the order of the rows; got ' ~ sql
        ) -%}
    {%- endif -%}
    {%- set inner = modules.re.sub('\'(?:[^\']|\'\')*\'|"(?:[^"]|"")*"', '', parts.inner) -%}
    {%- if feature_store._has_line_comment(sql) -%}
        {%- do errors.append(
            where ~ ': a comment in /* */ is allowed, not one with --; got ' ~ sql
        ) -%}
    {%- endif -%}
    {%- if modules.re.search('(?i)\\b(count|sum|avg|min|max|median|bool_and|bool_or)\\s*\\(', inner) -%}
        {%- do errors.append(
            where ~ ': the aggregate itself is allowed, without a function around it (a value for '
            ~ 'empty windows goes into empty, anything else into derived); got ' ~ sql
        ) -%}
    {%- endif -%}
    {{- return(errors) -}}
{%- endmacro -%}

{#- Returns true if a comment begins with --, outside of literals and quoted names. The generated
    SQL continues on the same line, and would become part of the comment. -#}
{%- macro _has_line_comment(sql) -%}
    {%- set bare = modules.re.sub('\'(?:[^\']|\'\')*\'|"(?:[^"]|"")*"|/\\*[\\s\\S]*?\\*/', '', sql) -%}
    {{- return('--' in bare) -}}
{%- endmacro -%}
