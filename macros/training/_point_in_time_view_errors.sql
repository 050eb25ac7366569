{#- The errors in the arguments of one feature view of a join, each with where it is and what is
    allowed. -#}
{%- macro _point_in_time_view_errors(where, given) -%}
    {%- if given is not mapping -%}
        {{- return([
            where ~ ': a mapping such as {features: ref(…), entity: [customer_id]} is allowed; got '
            ~ given
        ]) -}}
    {%- endif -%}
    {%- set errors = feature_store._mapping_key_errors(
        where, given, required=['features', 'entity'], optional=['select', 'prefix', 'max_age']
    ) -%}
    {%- if 'features' in given and not given.features.identifier -%}
        {%- do errors.append(
            where ~ '.features: a relation is allowed, such as ref(\'customer_purchases\', v=2); got '
            ~ given.features
        ) -%}
    {%- endif -%}
    {%- for name in ['entity', 'select'] if name in given and given[name] is not none -%}
        {%- set value = given[name] -%}
        {%- if value is string or value is not iterable or not value
            or value | reject('string') | list
            or (value is mapping
                and (name == 'select' or value.values() | reject('string') | list)) -%}
            {%- do errors.append(where ~ '.' ~ name ~ ': a list of column names is allowed'
                ~ (', or a mapping of key column to the spine\'s column' if name == 'entity')
                ~ '; got ' ~ value) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if given.prefix and (given.prefix is not string
        or not modules.re.fullmatch('[A-Za-z_][A-Za-z0-9_]*', given.prefix)) -%}
        {%- do errors.append(
            where ~ '.prefix: letters, digits and _ are allowed; got ' ~ given.prefix
        ) -%}
    {%- endif -%}
    {%- if given.max_age is not none and given.max_age is defined
        and feature_store._duration_us(given.max_age) is none -%}
        {%- do errors.append(
            where ~ '.max_age: a whole number and s, m, h, d or w is allowed, such as 28d; got '
            ~ given.max_age
        ) -%}
    {%- endif -%}
    {{- return(errors) -}}
{%- endmacro -%}
