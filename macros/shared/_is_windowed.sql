{#- Returns true if windowed_features() makes all SQL of the model being built: its file is one call,
    of that macro or of one that calls it.

    sql: the model's SQL; by default its compiled SQL, which exists in hooks only. -#}
{%- macro _is_windowed(sql=none) -%}
    {%- set sql = model.compiled_code if sql is none else sql -%}
    {{- return(feature_store._is_one_call() and '-- Made by windowed_features()' in (sql or '')) -}}
{%- endmacro -%}

{#- Returns true if the file of the model being built is one call of a macro, apart from settings and
    comments. -#}
{%- macro _is_one_call() -%}
    {%- set beside = '(?:\\s|\\{#.*?#\\}|\\{%.*?%\\}|--[^\\n]*\\n|/\\*.*?\\*/|'
        ~ '\\{\\{-?\\s*config\\((?:(?!\\}\\}).)*\\}\\})*' -%}
    {%- set call = '\\{\\{(?:(?!\\}\\}).)*\\}\\}' -%}
    {{- return(
        modules.re.fullmatch('(?s)' ~ beside ~ call ~ beside, model.raw_code ~ '\n') is not none
    ) -}}
{%- endmacro -%}
