{#- The errors in an event table's columns: one that every windowed feature view needs is missing
    or of another type, or one has a name that the generated SQL uses itself.

    events: relation of the events.
    declaration: the feature view, without other errors.
    columns: those of the events, name to type. -#}
{%- macro _event_table_errors(events, declaration, columns) -%}
    {%- set types, errors = {}, [] -%}
    {%- for name, type in columns.items() -%}
        {%- do types.update({name | lower: type}) -%}
    {%- endfor -%}
    {%- set place, names = ' of ' ~ events, columns.keys() | list -%}
    {%- for key in declaration.entity if key | lower not in types -%}
        {%- do errors.append('entity: ' ~ key ~ ': ' ~ events ~ ' has no such column'
            ~ feature_store._similar_names(key, names)
            ~ '. Next: correct entity, or add the column there') -%}
    {%- endfor -%}
    {%- for key in declaration.entity if key | lower in types and key not in columns -%}
        {%- for name in names if name | lower == key | lower -%}
            {%- do errors.append(
                'entity: ' ~ key ~ place ~ ' is written ' ~ name ~ ' there. Next: write ' ~ name
                ~ ' here too'
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for where, column, next in [
        ('event_time', declaration.event_time, 'correct event_time, or add the column there'),
        ('loaded_at', declaration.loaded_at or 'loaded_at', 'correct loaded_at, or remove it'),
    ] -%}
        {%- set type = types.get(column | lower) -%}
        {%- if not type and (where == 'event_time' or declaration.loaded_at) -%}
            {%- do errors.append(where ~ ': ' ~ column ~ ': ' ~ events ~ ' has no such column'
                ~ feature_store._similar_names(column, names)
                ~ '. Next: ' ~ next) -%}
        {%- elif type and not modules.re.match('TIMESTAMP|DATE$', type) -%}
            {%- do errors.append(where ~ ': a timestamp or a date is allowed, in UTC; got '
                ~ column ~ place ~ ', which is ' ~ type | lower
                ~ '. Next: cast it in the model ' ~ events.identifier) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for column in ['_grain', '_from_grain', '_place', '_is_event'] if column in types -%}
        {%- do errors.append(
            'events: ' ~ column ~ place ~ ' has a name that the generated SQL uses itself. '
            ~ 'Next: rename it in the model ' ~ events.identifier
        ) -%}
    {%- endfor -%}
    {{- return(errors) -}}
{%- endmacro -%}
