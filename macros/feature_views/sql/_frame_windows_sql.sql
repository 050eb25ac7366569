{#- The named windows of frames whose last grain is `last` grains before the row's own. -#}
{%- macro _frame_windows_sql(plan, windows, last) -%}
{%- set entity = plan.entity | join(', ') -%}
{%- for window in windows -%}
{%- if not loop.first %},
        {% endif -%}
last_{{ window.name }} as (
            partition by {{ entity }} order by _grain
            range between
            {%- if window.grains is none %} unbounded
            {%- else %} {{ window.grains - 1 + last }}
            {%- endif %} preceding and {{ last ~ ' preceding' if last else 'current row' }}
        )
{%- endfor -%}
{%- endmacro -%}

{#- The windows that some of the aggregates have, each once. -#}
{%- macro _used_windows(aggregates) -%}
    {%- set used = {} -%}
    {%- for aggregate in aggregates -%}
        {%- for window in aggregate.windows -%}{%- do used.update({window.name: window}) -%}{%- endfor -%}
    {%- endfor -%}
    {{- return(used.values() | list) -}}
{%- endmacro -%}
