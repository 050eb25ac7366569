{#- The columns that delete_changed_groups() compares, quoted. Raises an error for arguments with
    which a change would be missed, or every group would look changed. -#}
{%- macro _compared_group_columns(received, group, computed, parts) -%}
    {%- set received_columns = feature_store._columns_of('select * from ' ~ received) -%}
    {%- set built_columns = feature_store._rendered_full_build().columns -%}
    {%- set errors, compared = [], [] -%}
    {%- for argument, given in [('group', group), ('computed', computed), ('parts', parts)] -%}
        {%- if given is string or given is mapping or given is not sequence -%}
            {%- do errors.append(argument ~ ': a list of columns is allowed; got ' ~ given) -%}
        {%- else -%}
            {%- for column in given if column | lower not in received_columns -%}
                {%- do errors.append(
                    argument ~ ': ' ~ column ~ ' is not a column of ' ~ received
                    ~ '; it has ' ~ received_columns.keys() | join(', ')
                ) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not group -%}
        {%- do errors.append('group: one column or more is allowed; got none') -%}
    {%- endif -%}
    {%- set computed_names = computed | map('lower') | list if not errors else [] -%}
    {%- for column in group if column | lower in computed_names -%}
        {%- do errors.append(
            'computed: ' ~ column ~ ' is a column of group, and these are always compared. '
            ~ 'Next: remove it from computed'
        ) -%}
    {%- endfor -%}
    {%- for column, kind in received_columns.items() if column not in computed_names -%}
        {%- do compared.append(feature_store._quoted(column)) -%}
        {%- if built_columns and built_columns.get(column) != kind -%}
            {%- do errors.append(
                column ~ ' is ' ~ kind ~ ' in ' ~ received ~ ', and '
                ~ (built_columns.get(column) or 'missing') ~ ' in the model. Allowed: the same type '
                ~ 'in both. Next: select it so, or list it in computed if it follows from others'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do feature_store._raise_errors(model.name ~ ', delete_changed_groups()', errors) -%}
    {{- return(compared) -}}
{%- endmacro -%}
