{#- The end of an error about an unknown name: similar names (Jaro-Winkler) or, without any, all
    names. -#}
{%- macro _similar_names(name, names) -%}
    {%- set listed = [] -%}
    {%- for one in names -%}{%- do listed.append(feature_store._literal(one)) -%}{%- endfor -%}
    {%- set near = feature_store._most_similar(
        name, 'select unnest([' ~ listed | join(', ') ~ ']) as name', 0.8
    ) -%}
    {{- return('; near: ' ~ near | join(', ') if near else '; it has ' ~ names | join(', ')) -}}
{%- endmacro -%}

{#- The same for a function, but nothing without a similar name. -#}
{%- macro _similar_functions(name, is_aggregate) -%}
    {%- set types = "('aggregate')" if is_aggregate else "('aggregate', 'scalar', 'macro')" -%}
    {%- set near = feature_store._most_similar(
        name,
        'select function_name as name from duckdb_functions() where function_type in ' ~ types,
        0.85
    ) -%}
    {{- return('; near: ' ~ near | join(', ') if near else '') -}}
{%- endmacro -%}

{%- macro _most_similar(name, names_sql, at_least) -%}
    {%- set likeness = 'jaro_winkler_similarity(lower(name), lower('
        ~ feature_store._literal(name) ~ '))' -%}
    {{- return(fromjson(run_query(
        'select to_json(coalesce(list(name), [])) from (select name from (' ~ names_sql
        ~ ') group by name having ' ~ likeness ~ ' > ' ~ at_least ~ ' order by ' ~ likeness ~ ' desc, name limit 3)'
    ).columns[0].values()[0])) -}}
{%- endmacro -%}
