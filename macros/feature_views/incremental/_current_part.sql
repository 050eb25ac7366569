{#- The part of a feature view's entities whose rows the SQL makes that is being rendered, from 0; none: it
    makes all rows. That is so where no hook has made parts: in unit tests, which have no `this`, outside of
    runs, and where the SQL of a full build is rendered as what defines the model. -#}
{%- macro _current_part() -%}
    {%- if this and flags.WHICH in ['build', 'run'] and not context.get('_renders_full_build')
        and feature_store._is_incremental_view() -%}
        {{- return(context.get('_part', 0)) -}}
    {%- endif -%}
    {{- return(none) -}}
{%- endmacro -%}
