{#- A model cannot read the settings of its source. -#}
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
