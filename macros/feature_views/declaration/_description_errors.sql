{#- The errors in what describes an aggregate or a derived feature, and is inherited by its windows.

    where: its place in the declaration.
    feature: the mapping. -#}
{%- macro _description_errors(where, feature) -%}
    {%- set errors = [] -%}
    {%- for key in ['description', 'unit'] if key in feature and (
        feature[key] is not string or not feature[key] | trim) -%}
        {%- do errors.append(where ~ '.' ~ key ~ ': a text is allowed; got ' ~ feature[key]) -%}
    {%- endfor -%}
    {%- for key in ['min', 'max'] if key in feature and (
        feature[key] is not number or feature[key] is boolean
        or feature[key] | string in ['inf', '-inf', 'nan']) -%}
        {%- do errors.append(where ~ '.' ~ key ~ ': a number is allowed; got ' ~ feature[key]) -%}
    {%- endfor -%}
    {%- if not errors and 'min' in feature and 'max' in feature and feature.min > feature.max -%}
        {%- do errors.append(
            where ~ ': min up to max is allowed; got min ' ~ feature.min ~ ' and max ' ~ feature.max
        ) -%}
    {%- endif -%}
    {%- for key in ['mean', 'stdev'] if key in feature -%}
        {%- set bounds = feature[key] -%}
        {%- if bounds is string or bounds is mapping or bounds is not iterable
            or bounds | list | length != 2 or bounds | reject('number') | list
            or bounds[0] > bounds[1] -%}
            {%- do errors.append(
                where ~ '.' ~ key ~ ': two numbers in ascending order are allowed, such as [10, 100]; '
                ~ 'got ' ~ bounds
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(errors) -}}
{%- endmacro -%}

{#- The keys that describe a feature. -#}
{%- macro _description_keys() -%}
    {{- return(['description', 'unit', 'min', 'max', 'mean', 'stdev']) -}}
{%- endmacro -%}
