{#- Build the parts of a feature view after the first, one after the other. dbt's own statement has
    built the first part, in the same transaction.

    The model's code is rendered again for each part, with the part's number in dbt's context, from
    which windowed_features() reads it.

    changed: the table of the entities whose rows are built. -#}
{%- macro _build_other_parts(changed) -%}
    {%- set parts = run_query(
        'select distinct _part from ' ~ changed ~ ' where _part > 0 order by _part'
    ).columns[0].values() -%}
    {%- for part in parts -%}
        {%- do log(
            this.identifier ~ ': part ' ~ (loop.index + 1) ~ ' of ' ~ (parts | length + 1),
            info=true
        ) -%}
        {%- do context.update({'_part': part | int}) -%}
        {%- do run_query('insert into ' ~ this ~ ' by name\n' ~ render(model.raw_code)) -%}
    {%- endfor -%}
    {%- do context.update({'_part': 0}) -%}
{%- endmacro -%}
