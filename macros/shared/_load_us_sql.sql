{#- SQL of a load time in microseconds since the epoch (UTC). A date means the end of its day, so that
    an event on the day of its load is not later than its load. -#}
{%- macro _load_us_sql(loaded_at) -%}
epoch_us({{ loaded_at }})
+ if(typeof({{ loaded_at }}) = 'DATE', 86399999999, 0)
{%- endmacro -%}
