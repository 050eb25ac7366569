{#- The errors in the arguments of fitted_statistics(). -#}
{%- macro _fitted_errors(training_set, numeric, categorical, split, fitted_on, time) -%}
    {%- set errors = feature_store._column_list_errors('numeric', numeric, may_be_empty=true)
        + feature_store._column_list_errors('categorical', categorical, may_be_empty=true) -%}
    {%- set at = namespace(errors=errors) -%}
    {%- if not training_set -%}
        {%- set at.errors = [
            "training_set: a relation such as ref('churn_training_set') is allowed; got "
            ~ training_set
        ] + at.errors -%}
    {%- endif -%}
    {%- if not errors and not numeric and not categorical -%}
        {%- set at.errors = at.errors + [
            'numeric, categorical: at least one column is allowed; got two empty lists'
        ] -%}
    {%- endif -%}
    {%- if not errors -%}
        {%- for column in categorical if column | lower in numeric | map('lower') -%}
            {%- set at.errors = at.errors + [
                'categorical: columns that are not in numeric are allowed; got ' ~ column
            ] -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for name, value in [('split', split), ('fitted_on', fitted_on), ('time', time)] -%}
        {%- if (value is not string or not value) and not (name == 'time' and value is none) -%}
            {%- set at.errors = at.errors + [
                name ~ ': ' ~ ('a split such as train' if name == 'fitted_on' else 'a column name')
                ~ ' is allowed; got ' ~ (value if value is not string else 'an empty text')
            ] -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(at.errors) -}}
{%- endmacro -%}
