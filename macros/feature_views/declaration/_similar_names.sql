{#- The end of an error about an unknown name: similar names (by Jaro-Winkler similarity) or, if
    there are none, all names. -#}
{%- macro _similar_names(name, names) -%}
    {%- set listed = [] -%}
    {%- for one in names -%}{%- do listed.append(feature_store._literal(one)) -%}{%- endfor -%}
    {%- set near = feature_store._most_similar(
        name, 'select unnest([' ~ listed | join(', ') ~ ']) as name', 0.8
    ) -%}
    {{- return('; near: ' ~ near | join(', ') if near else '; it has ' ~ names | join(', ')) -}}
{%- endmacro -%}

{#- The end of an error about an unknown function: similar names, or nothing. -#}
{%- macro _similar_functions(name, is_aggregate) -%}
    {%- set types = "('aggregate')" if is_aggregate else "('aggregate', 'scalar', 'macro')" -%}
    {%- set near = feature_store._most_similar(
        name,
        'select function_name as name from duckdb_functions() where function_type in ' ~ types,
        0.85
    ) -%}
    {{- return('; near: ' ~ near | join(', ') if near else '') -}}
{%- endmacro -%}

{#- Up to three names that are most similar to a name. -#}
{%- macro _most_similar(name, names_sql, at_least) -%}
    {%- set similarity = 'jaro_winkler_similarity(lower(name), lower('
        ~ feature_store._literal(name) ~ '))' -%}
    {{- return(fromjson(run_query(
        'select to_json(coalesce(list(name), [])) from ('
        ~ 'select name from (' ~ names_sql ~ ') group by name having ' ~ similarity ~ ' > '
        ~ at_least ~ ' order by ' ~ similarity ~ ' desc, name limit 3)'
    ).columns[0].values()[0])) -}}
{%- endmacro -%}
