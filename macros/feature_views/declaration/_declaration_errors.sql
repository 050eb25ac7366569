{#- Every error in a declaration, each as `where: what is allowed, what it got`. -#}
{%- macro _declaration_errors(declaration, windowed=none) -%}
    {%- set errors = [] -%}
    {%- set always = ['entity', 'event_time'] -%}
    {%- set of_windows = ['windows', 'aggregates'] -%}
    {%- if windowed is none -%}
        {%- set windowed = 'windows' in declaration or 'aggregates' in declaration -%}
    {%- endif -%}
    {%- do errors.extend(feature_store._mapping_key_errors(
        'feature_view', declaration,
        required=always + of_windows if windowed else always,
        optional=['events', 'loaded_at', 'grain', 'online']
            + (['derived', 'max_unused'] if windowed else [])
    )) -%}

    {%- set entity = declaration.entity -%}
    {%- if entity is string or entity is mapping or entity is not iterable
        or not entity or entity | reject('string') | list
        or entity | map('trim') | reject | list -%}
        {%- if 'entity' in declaration -%}
            {%- do errors.append(
                'entity: a list of column names is allowed, such as [customer_id]; got ' ~ entity
            ) -%}
        {%- endif -%}
        {%- set entity = [] -%}
    {%- endif -%}
    {%- if 'event_time' in declaration and (declaration.event_time is not string
        or not declaration.event_time) -%}
        {%- do errors.append('event_time: the name of a column is allowed; got '
            ~ declaration.event_time) -%}
    {%- endif -%}
    {%- for key, example in [('events', "ref('orders')"), ('loaded_at', 'loaded_at')]
        if key in declaration and (declaration[key] is not string or not declaration[key]) -%}
        {%- do errors.append(
            key ~ ': a text such as ' ~ example ~ ' is allowed; got ' ~ declaration[key]
        ) -%}
    {%- endfor -%}
    {%- set grain_us = feature_store._duration_us(declaration.grain) -%}
    {%- if 'grain' in declaration and grain_us is none -%}
        {%- do errors.append(
            'grain: a whole number and s, m, h, d or w is allowed, such as 1d; got '
            ~ declaration.grain
        ) -%}
    {%- endif -%}
    {%- if 'windows' in declaration -%}
        {%- do errors.extend(
            feature_store._window_errors('windows', declaration.windows, declaration.grain)
        ) -%}
    {%- endif -%}
    {%- if 'aggregates' in declaration -%}
        {%- do errors.extend(feature_store._aggregate_errors(declaration)) -%}
    {%- endif -%}
    {%- do errors.extend(feature_store._derived_errors(declaration)) -%}
    {%- do errors.extend(feature_store._column_name_errors(declaration, entity)) -%}
    {%- do errors.extend(feature_store._online_errors(declaration)) -%}
    {%- set share = declaration.get('max_unused', 0) -%}
    {%- if share is not number or share is boolean or not 0 <= share <= 1 -%}
        {%- do errors.append(
            'max_unused: a share of the events from 0 to 1 is allowed, such as 0.4; got ' ~ share
        ) -%}
    {%- endif -%}
    {{- return(errors) -}}
{%- endmacro -%}
