{#- Make the rows of a feature view whose entities are not of its first part, one part after the other. dbt's
    own statement has made those of the first part, in the same transaction.

    The model's code is rendered again for each part, with the part's number in dbt's context, where
    windowed_features() looks for it.

    changed: the table of entities whose rows are made. -#}
{%- macro _make_other_parts(changed) -%}
    {%- set parts = run_query(
        'select distinct _part from ' ~ changed ~ ' where _part > 0 order by _part'
    ).columns[0].values() -%}
    {%- for part in parts -%}
        {%- do log(
            model.name ~ ': part ' ~ (loop.index + 1) ~ ' of ' ~ (parts | length + 1), info=true
        ) -%}
        {%- do context.update({'_part': part | int}) -%}
        {%- do run_query('insert into ' ~ this ~ ' by name\n' ~ render(model.raw_code)) -%}
    {%- endfor -%}
    {%- do context.update({'_part': 0}) -%}
{%- endmacro -%}

{#- The part of a feature view's entities whose rows the SQL makes that is being rendered, from 0; none: it
    makes all rows. That is so where no hook has made parts: in unit tests, which have no `this`, outside of
    runs, and where the SQL of a full build is rendered as what defines the model. -#}
{%- macro _part_being_made() -%}
    {%- if this and flags.WHICH in ['build', 'run'] and not context.get('_renders_full_build')
        and feature_store._is_incremental_view() -%}
        {{- return(context.get('_part', 0)) -}}
    {%- endif -%}
    {{- return(none) -}}
{%- endmacro -%}

{#- How many events the entities of a part may have together; one entity is never divided. -#}
{%- macro _events_at_once() -%}
    {%- set events = var('events_at_once') -%}
    {%- if events is not integer or events is boolean or events < 1 -%}
        {%- do exceptions.raise_compiler_error(
            'var events_at_once: a whole number above 0 is allowed; got ' ~ events
            ~ '. Next: correct it in dbt_project.yml or --vars'
        ) -%}
    {%- endif -%}
    {{- return(events) -}}
{%- endmacro -%}
