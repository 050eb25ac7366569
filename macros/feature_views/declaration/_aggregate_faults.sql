{#- The faults of the aggregates: no mapping, unknown keys, no single aggregate call, bad windows. -#}
{%- macro _aggregate_faults(declaration) -%}
    {%- set faults = [] -%}
    {%- set aggregates = declaration.aggregates -%}
    {%- if aggregates is not mapping or not aggregates -%}
        {{- return(['aggregates: a mapping of name to {sql: …} is allowed; got ' ~ aggregates]) -}}
    {%- endif -%}
    {%- for name, aggregate in aggregates.items() -%}
        {%- set where = 'aggregates.' ~ name -%}
        {%- if not modules.re.fullmatch('[a-z][a-z0-9_]*', name | string) -%}
            {%- do faults.append(where ~ ': lower case letters, digits and _ are allowed in a name') -%}
        {%- endif -%}
        {%- if aggregate is not mapping -%}
            {%- do faults.append(where ~ ': a mapping such as {sql: sum(amount)} is allowed; got '
                ~ aggregate) -%}
        {%- else -%}
            {%- do faults.extend(
                feature_store._key_faults(where, aggregate, ['sql'], ['windows', 'empty'])
            ) -%}
            {%- if 'sql' in aggregate -%}
                {%- do faults.extend(feature_store._call_faults(where ~ '.sql', aggregate.sql)) -%}
            {%- endif -%}
            {%- if 'windows' in aggregate -%}
                {%- do faults.extend(feature_store._window_faults(
                    where ~ '.windows', aggregate.windows, declaration.grain
                )) -%}
            {%- endif -%}
            {%- if 'empty' in aggregate and aggregate.empty is iterable
                and aggregate.empty is not string -%}
                {%- do faults.append(where ~ '.empty: a number, text, true, false or null is allowed; got '
                    ~ aggregate.empty) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(faults) -}}
{%- endmacro -%}
