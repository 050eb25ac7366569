{#- A model cannot read the settings of its source. -#}
{%- macro source_time_zone() -%}
    {%- set zone = (model.config.get('meta') or {}).get('time_zone') -%}
    {%- if execute and not zone -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ ': config.meta.time_zone is missing. Allowed: a named time zone, such as '
            ~ 'America/New_York. Next: add the zone of the source to the YAML of the model'
        ) -%}
    {%- endif -%}
    {{- zone or 'UTC' -}}
{%- endmacro -%}
