{#- A load time in microseconds since the epoch (UTC); of a date, the end of its day, so that
    what happened on the day that it was loaded is not later than its load. -#}
{%- macro _load_us(loaded_at) -%}
epoch_us({{ loaded_at }})
+ if(typeof({{ loaded_at }}) = 'DATE', 86399999999, 0)
{%- endmacro -%}
