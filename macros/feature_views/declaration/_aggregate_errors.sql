{#- The errors in `aggregates`: in the mapping and its keys, in each call and its windows. -#}
{%- macro _aggregate_errors(declaration) -%}
    {%- set errors = [] -%}
    {%- set aggregates = declaration.aggregates -%}
    {%- if aggregates is not mapping or not aggregates -%}
        {{- return(['aggregates: a mapping of name to {sql: …} is allowed; got ' ~ aggregates]) -}}
    {%- endif -%}
    {%- for name, aggregate in aggregates.items() -%}
        {%- set where = 'aggregates.' ~ name -%}
        {%- if not modules.re.fullmatch('[a-z][a-z0-9_]*', name | string) -%}
            {%- do errors.append(
                where ~ ': lower case letters, digits and _ are allowed in a name'
            ) -%}
        {%- endif -%}
        {%- if aggregate is not mapping -%}
            {%- do errors.append(where ~ ': a mapping such as {sql: sum(amount)} is allowed; got '
                ~ aggregate) -%}
        {%- else -%}
            {%- do errors.extend(
                feature_store._mapping_key_errors(
                    where, aggregate, ['sql'],
                    ['windows', 'empty'] + feature_store._description_keys()
                )
            ) -%}
            {%- do errors.extend(feature_store._description_errors(where, aggregate)) -%}
            {%- if 'sql' in aggregate -%}
                {%- do errors.extend(
                    feature_store._aggregate_call_errors(where ~ '.sql', aggregate.sql)
                ) -%}
            {%- endif -%}
            {%- if 'windows' in aggregate -%}
                {%- do errors.extend(feature_store._window_errors(
                    where ~ '.windows', aggregate.windows, declaration.grain
                )) -%}
            {%- endif -%}
            {%- if 'empty' in aggregate and aggregate.empty is iterable
                and aggregate.empty is not string -%}
                {%- do errors.append(
                    where ~ '.empty: a number, text, true, false or null is allowed; got '
                    ~ aggregate.empty
                ) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(errors) -}}
{%- endmacro -%}
