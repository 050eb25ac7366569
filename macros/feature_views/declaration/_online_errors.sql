{#- The errors in `online`, the settings of the online store. -#}
{%- macro _online_errors(declaration) -%}
    {%- if 'online' not in declaration -%}{{- return([]) -}}{%- endif -%}
    {%- set online = declaration.online -%}
    {%- if online is not mapping or not online -%}
        {{- return([
            'online: a mapping with ttl, layout or both is allowed, such as {ttl: 120d}; got '
            ~ online
        ]) -}}
    {%- endif -%}
    {%- set errors = feature_store._mapping_key_errors('online', online, [], ['ttl', 'layout']) -%}
    {%- if 'ttl' in online and feature_store._duration_us(online.ttl) is none -%}
        {%- do errors.append(
            'online.ttl: a whole number and s, m, h, d or w is allowed, such as 120d; got '
            ~ online.ttl
        ) -%}
    {%- endif -%}
    {%- if 'layout' in online and online.layout not in ['hash', 'packed'] -%}
        {%- do errors.append('online.layout: hash or packed is allowed; got ' ~ online.layout) -%}
    {%- endif -%}
    {{- return(errors) -}}
{%- endmacro -%}
