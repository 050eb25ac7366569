{#- The named windows of frames that end with the row itself and its peers.

    order: column of whole numbers, in which a grain is `step` long. -#}
{%- macro _frame_windows_sql(plan, windows, order='_grain', step=1) -%}
{%- set entity = plan.entity | join(', ') -%}
{%- for window in windows -%}
{%- if not loop.first %},
        {% endif -%}
last_{{ window.name }} as (
            partition by {{ entity }} order by {{ order }}
            range between
            {%- if window.grains is none %} unbounded
            {%- else %} {{ window.grains * step - 1 }}
            {%- endif %} preceding and current row
        )
{%- endfor -%}
{%- endmacro -%}

{#- The windows of some aggregates, each once. -#}
{%- macro _used_windows(aggregates) -%}
    {%- set used = {} -%}
    {%- for aggregate in aggregates -%}
        {%- for window in aggregate.windows -%}
            {%- do used.update({window.name: window}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(used.values() | list) -}}
{%- endmacro -%}
