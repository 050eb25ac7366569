{#- Warn about events that are later than their own load.

    place: the feature view's name in the warning.
    latest: the latest of their times. -#}
{%- macro _warn_of_events_after_load(place, event_time, after_load, events, latest) -%}
    {%- do exceptions.warn(
        'Warning: ' ~ place ~ ': '
        ~ '{:,} of {:,} events are later than their own load '.format(after_load, events)
        ~ '({} up to {}, UTC). They do not move the time of the run, '.format(event_time, latest)
        ~ 'and their rows are not served before that time. Next: correct them at the source or in '
        ~ 'staging, or leave them out in cleaned; then build again'
    ) -%}
{%- endmacro -%}
