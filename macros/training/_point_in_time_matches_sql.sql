{#- The row of a feature view that was valid at the time of each row of the spine: its keys and time.

    The spine's rows of an entity with few of them are each compared with all feature rows of the
    entity, which needs no sorting. For an entity with many this would compare every row with every
    other, so an as-of join matches them, which sorts the feature rows of these entities.

    Rows of a feature table that are older than max_age match nothing: most pairs of a label and a
    row are then not grouped, and the lower bound lets DuckDB skip blocks of older rows. The age of a
    snapshot's row is not that of its validity, so it is checked later.

    For a snapshot, _match_count is the number of rows that were valid; two are an error. -#}
{%- macro _point_in_time_matches_sql(view, mode, valid_from) -%}
{%- set is_served = mode == 'as_served' -%}
{%- set is_aged = view.max_age_us is not none and not is_served -%}
{{ view.name }}_rows as not materialized (

    -- No rows if the types of the keys differ, which is an error of checked_types: nothing is cast.
    select features.*
    from {{ view.relation }} as features
    left join spine on false
    where
        {%- for key, column in view.entity.items() %}
        {{ 'and ' if not loop.first }}{{ feature_store._are_comparable_keys(
            'typeof(spine.' ~ feature_store._quoted(column) ~ ')',
            'typeof(features.' ~ feature_store._quoted(key) ~ ')'
        ) | indent(8) }}
        {%- endfor %}

),

{{ feature_store._point_in_time_rows_of_frequent_sql(view, mode) }}

-- The time of the latest row of each label's entity, up to the label's time.
{{ view.name }}_matches as materialized (

    select
        rare._spine_row,
        any_value(rare._spine_time) as _spine_time,
        {%- for key in view.entity %}
        any_value(features.{{ feature_store._quoted(key) }}) as {{ feature_store._quoted(key) }},
        {%- endfor %}
        max(features.{{ valid_from }}) as {{ valid_from }}
        {%- if is_served %},
        count(*) as _match_count
        {%- endif %}
    from {{ view.spine }}_rare as rare
    inner join {{ view.name }}_rows as features
        on
            {{ feature_store._same_entity_sql('rare', 'features', view.entity) | indent(12) }}
            and rare._spine_time >= features.{{ valid_from }}
            {%- if is_aged %}
            and features.feature_time >= {{ feature_store._oldest_time_sql(
                'rare._spine_time', view.max_age_us
            ) | indent(12) }}
            {%- endif %}
            {%- if is_served %}
            and (features.dbt_valid_to is null or rare._spine_time < features.dbt_valid_to)
            {%- endif %}
    group by rare._spine_row
    union all
    select
        frequent._spine_row,
        frequent._spine_time,
        {%- for key in view.entity %}
        features.{{ feature_store._quoted(key) }},
        {%- endfor %}
        features.{{ valid_from }}
        {%- if is_served %},
        if(frequent._spine_time < features._earlier_end, 2, 1) as _match_count
        {%- endif %}
    from {{ view.spine }}_frequent as frequent
    asof inner join {{ view.name }}_of_frequent{{ '_in_order' if is_served }} as features
        on
            {{ feature_store._same_entity_sql('frequent', 'features', view.entity) | indent(12) }}
            and frequent._spine_time >= features.{{ valid_from }}
    {%- if is_aged %}
    where
        features.feature_time >= {{ feature_store._oldest_time_sql(
            'frequent._spine_time', view.max_age_us
        ) | indent(8) }}
    {%- endif %}

),
{%- endmacro -%}

{#- SQL of whether a row of the spine and one of a feature view are of the same entity. -#}
{%- macro _same_entity_sql(spine, features, entity) -%}
    {%- set conditions = [] -%}
    {%- for key, column in entity.items() -%}
        {%- do conditions.append(spine ~ '.' ~ feature_store._quoted(column)
            ~ ' = ' ~ features ~ '.' ~ feature_store._quoted(key)) -%}
    {%- endfor -%}
    {{- return(conditions | join('\nand ')) -}}
{%- endmacro -%}
