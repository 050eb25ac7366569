{#- Where the columns of the YAML are not those of the declaration, told before dbt compares the contract,
    and in words. Types are left to dbt. Nothing where no contract is enforced, and in unit tests, which
    know no columns.

    declaration: a feature view without other faults. -#}
{%- macro _contract_faults(declaration) -%}
    {%- set faults = [] -%}
    {%- if model.columns and model.config.contract.enforced and 'aggregates' in declaration -%}
        {%- set made = feature_store._declared_columns(declaration, declaration.entity) -%}
        {%- set listed = model.columns.keys() | map('lower') | list -%}
        {%- for column in made if column not in listed -%}
            {%- do faults.append('columns: ' ~ column ~ ' is declared and not listed; add it, with its '
                ~ 'data_type, or take it off the declaration') -%}
        {%- endfor -%}
        {%- for column in listed if column not in made -%}
            {%- do faults.append('columns: ' ~ column ~ ' is listed and not declared; declare an aggregate, '
                ~ 'a window or a derived feature that makes it, or take it off the columns') -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(faults) -}}
{%- endmacro -%}
