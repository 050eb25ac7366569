{#- The features that exposures use of the model being built, and that it does not have.

    columns: those of the model, name to type. -#}
{%- macro _missing_feature_errors(columns) -%}
    {%- set errors = [] -%}
    {%- for exposure in graph.exposures.values() if model.unique_id in exposure.depends_on.nodes -%}
        {%- set used_versions = [] -%}
        {%- for unique_id in exposure.depends_on.nodes
            if graph.nodes.get(unique_id, {}).get('name') == model.name -%}
            {%- do used_versions.append(unique_id) -%}
        {%- endfor -%}
        {#- A reference without a version means the only version used, or the latest. -#}
        {%- set is_meant = used_versions | length == 1 or model.version == model.latest_version -%}
        {%- set meta = exposure.config.get('meta') or exposure.meta or {} -%}
        {%- set listed = meta.get('features') or [] -%}
        {%- for reference in ([listed] if listed is string else listed) | map('string') -%}
            {%- set parts = reference.split(':') -%}
            {%- set is_pinned = parts | length > 1 and modules.re.fullmatch('v\\d+', parts[1]) -%}
            {%- if parts[0] == model.name and parts | length == (3 if is_pinned else 2)
                and (parts[1] == 'v' ~ feature_store._version_of(model) if is_pinned else is_meant)
                and parts[-1] | lower not in columns -%}
                {%- do errors.append(
                    parts[-1] ~ ': exposure ' ~ exposure.name ~ ' uses it (' ~ reference
                    ~ '), and the view does not have it. Next: keep it or, when no model reads it '
                    ~ 'any more, remove it from config.meta.features in '
                    ~ exposure.original_file_path
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(errors) -}}
{%- endmacro -%}
