{#- The faults of fitted_statistics()'s arguments. -#}
{%- macro _fitted_faults(training_set, numeric, categorical, split, fitted_on, time) -%}
    {%- set faults = feature_store._column_list_faults('numeric', numeric, may_be_empty=true)
        + feature_store._column_list_faults('categorical', categorical, may_be_empty=true) -%}
    {%- set at = namespace(faults=faults) -%}
    {%- if not training_set -%}
        {%- set at.faults = [
            "training_set: a relation such as ref('churn_training_set') is allowed; got " ~ training_set
        ] + at.faults -%}
    {%- endif -%}
    {%- if not faults and not numeric and not categorical -%}
        {%- set at.faults = at.faults + [
            'numeric, categorical: at least one column is allowed; got two empty lists'
        ] -%}
    {%- endif -%}
    {%- if not faults -%}
        {%- for column in categorical if column | lower in numeric | map('lower') -%}
            {%- set at.faults = at.faults + [
                'categorical: columns that are not in numeric are allowed; got ' ~ column
            ] -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for name, value in [('split', split), ('fitted_on', fitted_on), ('time', time)] -%}
        {%- if (value is not string or not value) and not (name == 'time' and value is none) -%}
            {%- set at.faults = at.faults + [
                name ~ ': ' ~ ('a split such as train' if name == 'fitted_on' else 'a column name')
                ~ ' is allowed; got ' ~ (value if value is not string else 'an empty text')
            ] -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(at.faults) -}}
{%- endmacro -%}
