{#- The CTEs of a feature view's rows of the frequent entities, without those that are too old for
    every label of their entity. Those of a snapshot have _earlier_end, the latest end of the rows
    before them: until then, two rows are valid at one time. -#}
{%- macro _point_in_time_rows_of_frequent_sql(view, mode) -%}
{%- set is_served = mode == 'as_served' -%}
{%- set is_aged = view.max_age_us is not none and not is_served -%}
{{ view.name }}_of_frequent as (

    select features.*
    {%- if is_aged %}
    from {{ view.spine }}_entities as entities
    inner join {{ view.name }}_rows as features
        on
            {{ feature_store._same_entity_sql('entities', 'features', view.entity) | indent(12) }}
            and features.feature_time >= {{ feature_store._oldest_time_sql(
                'entities._first_time', view.max_age_us
            ) | indent(12) }}
    where entities._is_frequent
    {%- else %}
    from {{ view.name }}_rows as features
    where
        exists (
            select 1
            from {{ view.spine }}_frequent as frequent
            where
                {{ feature_store._same_entity_sql('frequent', 'features', view.entity) | indent(16) }}
        )
        {%- endif %}
        {%- if is_served %}
        and (features.dbt_valid_to is null or features.dbt_valid_from < features.dbt_valid_to)
        {%- endif %}

),
{%- if is_served %}

{{ view.name }}_ends as (

    select
        features.*,
        max(coalesce(features.dbt_valid_to, timestamp 'infinity')) over (
            partition by
                {%- for key in view.entity %}
                features.{{ feature_store._quoted(key) }}{{ ',' if not loop.last }}
                {%- endfor %}
            order by features.dbt_valid_from
            rows between unbounded preceding and current row
        ) as _end
    from {{ view.name }}_of_frequent as features

),

{{ view.name }}_of_frequent_in_order as (

    select
        features.*,
        lag(features._end) over (
            partition by
                {%- for key in view.entity %}
                features.{{ feature_store._quoted(key) }}{{ ',' if not loop.last }}
                {%- endfor %}
            order by features.dbt_valid_from
        ) as _earlier_end
    from {{ view.name }}_ends as features

),
{%- endif %}
{%- endmacro -%}
