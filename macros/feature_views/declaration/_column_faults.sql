{#- The columns that a declaration would make twice; case makes no difference in SQL. -#}
{%- macro _column_faults(declaration, entity) -%}
    {%- set columns = entity + ['feature_time', 'known_at'] -%}
    {%- if declaration.aggregates is mapping -%}
        {%- for name, aggregate in declaration.aggregates.items() if aggregate is mapping -%}
            {%- set windows = aggregate.windows or declaration.windows or [] -%}
            {%- if windows is not string and windows is iterable -%}
                {%- for window in windows | map('string') | unique -%}
                    {%- do columns.append(name ~ '_' ~ window) -%}
                {%- endfor -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if declaration.derived is mapping -%}
        {%- do columns.extend(declaration.derived.keys() | map('string')) -%}
    {%- endif -%}
    {%- set columns = columns | map('lower') | list -%}
    {%- set faults = [] -%}
    {%- for column in columns | unique if columns | select('equalto', column) | list | length > 1 -%}
        {%- do faults.append('columns: ' ~ column ~ ' would be there twice; every column once is allowed '
            ~ '(entity, feature_time, <aggregate>_<window>, derived, known_at)') -%}
    {%- endfor -%}
    {%- for column in entity if column.startswith('_') -%}
        {%- do faults.append('columns: ' ~ column ~ ': names that begin with _ are the macro\'s own') -%}
    {%- endfor -%}
    {{- return(faults) -}}
{%- endmacro -%}
