{#- SQL of the error in the type of a time, null if there is none.

    what: the column's label in the error.
    type: SQL of the type's name. -#}
{%- macro _time_type_error(what, type) -%}
if(
    {{ type }} in (
        'TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ_NS',
        {{ feature_store._time_types() }},
        '"NULL"'
    ),
    null,
    {{ feature_store._literal(what) }}
    || ' is of type '
    || left({{ type }}, 80)
    || '; a timestamp or a date is allowed (without a zone it is UTC). '
    || 'Cast texts with an offset to timestamptz, others to timestamp'
)
{%- endmacro -%}

{#- The types of times without a zone. -#}
{%- macro _time_types() -%}
'DATE', 'TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS'
{%- endmacro -%}
