{#- The errors in a contract: columns in the YAML that are not those of the declaration, or that
    need quotes. dbt would find them later, and say less. dbt itself compares the types. There are
    no errors without an enforced contract, nor in unit tests, which have no columns.

    declaration: a feature view without other errors. -#}
{%- macro _contract_errors(declaration) -%}
    {%- set errors = [] -%}
    {%- if model.columns and model.config.contract.enforced and 'aggregates' in declaration -%}
        {%- set entity, columns = declaration.entity, model.columns.values() -%}
        {%- set made = entity
            + feature_store._declared_columns(declaration, entity)[entity | length:] -%}
        {%- set lowered = made | map('lower') | list -%}
        {%- set listed = columns | map(attribute='name') | list -%}
        {%- for column in made if column | lower not in listed | map('lower') -%}
            {%- do errors.append(
                'columns: ' ~ column ~ ' is declared and not listed; add it, with its data_type, or '
                ~ 'remove it from the declaration'
            ) -%}
        {%- endfor -%}
        {%- for column in listed if column not in made -%}
            {%- if column | lower in lowered -%}
                {%- do errors.append(
                    'columns: ' ~ column ~ ' is declared as '
                    ~ made[lowered.index(column | lower)] ~ '; write it the same way here'
                ) -%}
            {%- else -%}
                {%- do errors.append(
                    'columns: ' ~ column ~ ' is listed and not declared; declare an aggregate, a '
                    ~ 'window or a derived feature that makes it, or remove it from the columns'
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- set unquoted = columns | rejectattr('quote') | map(attribute='name') | list -%}
        {%- for column in feature_store._names_needing_quotes(unquoted) -%}
            {%- do errors.append(
                'columns: ' ~ column ~ ' is not a name that SQL accepts without quotes; '
                ~ 'add quote: true to the column'
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(errors) -}}
{%- endmacro -%}

{#- The names that SQL accepts only in quotes, such as keywords, according to DuckDB's parser. -#}
{%- macro _names_needing_quotes(names) -%}
    {%- set listed = [] -%}
    {%- for name in names -%}{%- do listed.append(feature_store._literal(name)) -%}{%- endfor -%}
    {%- if not listed -%}{{- return([]) -}}{%- endif -%}
    {{- return(fromjson(run_query(
        "select to_json(coalesce(list(name order by name), [])) from (select unnest(["
        ~ listed | join(', ') ~ "]) as name) where contains(name, ',') or json_serialize_sql("
        ~ "'select 1 from (select 1) as t (' || name || ')') ->> 'error' = 'true'"
    ).columns[0].values()[0])) -}}
{%- endmacro -%}
