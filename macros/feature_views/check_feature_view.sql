{%- macro check_feature_view(declaration, windowed=none) -%}
    {%- if not execute -%}{{- return('') -}}{%- endif -%}
    {%- if not declaration -%}
        {%- set errors = ['config.meta.feature_view: missing; add it to the YAML of the model:\n'
            ~ '      config:\n        meta:\n          feature_view:\n'
            ~ '            entity: [customer_id]\n            event_time: ordered_at\n'
            ~ '            windows: [7d, 28d]\n'
            ~ '            aggregates:\n              spend: {sql: sum(amount)}'] -%}
    {%- elif declaration is not mapping -%}
        {%- set errors = ['feature_view: a mapping is allowed, got ' ~ declaration] -%}
    {%- else -%}
        {%- set completed = feature_store._completed(declaration) -%}
        {#- What describes a derived feature is checked too. -#}
        {%- set described = {} -%}
        {%- do described.update(completed) -%}
        {%- if 'derived' in declaration -%}
            {%- do described.update({'derived': declaration.derived}) -%}
        {%- endif -%}
        {%- set errors = feature_store._declaration_errors(described, windowed) -%}
        {%- if not errors -%}
            {%- set errors = feature_store._contract_errors(completed) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do feature_store._raise_errors(feature_store._node_label(model), errors) -%}
{%- endmacro -%}
