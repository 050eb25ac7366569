{#- The named time zone of the shop, which the staging model has from its source: `config.meta.time_zone`.
    Empty while parsing. -#}
{%- macro source_time_zone() -%}
    {%- set zone = (model.config.get('meta') or {}).get('time_zone') -%}
    {%- if execute and not zone -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ ': config.meta.time_zone is missing; the named zone of the source is allowed, '
            ~ 'such as America/New_York'
        ) -%}
    {%- endif -%}
    {{- zone or 'UTC' -}}
{%- endmacro -%}
