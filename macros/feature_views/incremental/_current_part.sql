{#- The number, from 0, of the part of a feature view for which SQL is being rendered, or none if the
    SQL makes all rows. It does if no hook has defined parts: in unit tests, which have no `this`,
    outside of runs, and while the definition of the model is rendered as a full build. -#}
{%- macro _current_part() -%}
    {%- if this and flags.WHICH in ['build', 'run'] and not context.get('_renders_full_build')
        and feature_store._is_incremental_view() -%}
        {{- return(context.get('_part', 0)) -}}
    {%- endif -%}
    {{- return(none) -}}
{%- endmacro -%}
