{#- One feature view of a point-in-time join, in two steps, so that only keys and times are compared:
    the row that was valid at the time of each row of the spine, then the features of that row. -#}
{%- macro _point_in_time_view_sql(view, mode) -%}
{%- set valid_from = 'dbt_valid_from' if mode == 'as_served' else 'feature_time' -%}
{%- set conditions = [] -%}
{%- if mode == 'as_served' -%}
    {%- do conditions.append(
        '(\n            features.dbt_valid_to is null\n'
        ~ '            or matches._spine_time < features.dbt_valid_to\n'
        ~ '            or matches._match_count > 1\n        )'
    ) -%}
{%- endif -%}
{%- if view.max_age_us is not none and mode == 'as_served' -%}
    {%- do conditions.append(
        'epoch_us(matches._spine_time) - epoch_us(features.feature_time) <= ' ~ view.max_age_us
    ) -%}
{%- endif -%}
{{ feature_store._point_in_time_matches_sql(view, mode, valid_from) }}

{{ view.name }}_features as materialized (

    select
        matches._spine_row,
        {%- if view.select is none %}
        columns(
            features.* exclude (
                {%- for key in view.entity %}
                {{ feature_store._quoted(key) }},
                {%- endfor %}
                feature_time,
                known_at
                {%- if mode == 'as_served' %},
                dbt_scd_id,
                dbt_updated_at,
                dbt_valid_from,
                dbt_valid_to
                {%- endif %}
            )
        ){{ ' as "' ~ view.prefix ~ '\\0"' if view.prefix }}
        {%- else -%}
        {%- for feature in view.select %}
        features.{{ feature_store._quoted_if_needed(feature) }}
        {%- if view.prefix %} as {{ feature_store._quoted(
            view.prefix ~ feature_store._unquoted(feature)
        ) }}
        {%- endif %}
        {{- ',' if not loop.last }}
        {%- endfor %}
        {%- endif %}
        {%- if mode == 'as_served' %},
        matches._match_count
        {%- endif %}
    from {{ view.name }}_matches as matches
    inner join {{ view.name }}_rows as features
        on
            matches.{{ valid_from }} = features.{{ valid_from }}
            {%- for key in view.entity %}
            and matches.{{ feature_store._quoted(key) }} = features.{{ feature_store._quoted(key) }}
            {%- endfor %}
    {%- if conditions %}
    where
        {{ conditions | join('\n        and ') }}
    {%- endif %}

),

{{ feature_store._point_in_time_duplicate_check_sql(view, mode, valid_from) }}
{%- endmacro -%}
