with

runs as (

    select
        feature_view,
        count(*) as runs,
        min(as_of) as first_as_of,
        max(as_of) as last_as_of
    from {{ source('operations', 'served_runs') }}
    group by feature_view

),

-- An entity counts once for a reason, however many of its served rows differ.
entities as (

    select
        feature_view,
        count(distinct entity) filter (where reason = 'late_data') as late_data,
        count(distinct entity) filter (where reason = 'changed_definition') as changed_definition,
        count(distinct entity) filter (where reason = 'other_change') as other_change
    from {{ ref('served_differences') }}
    group by feature_view

),

summary as (

    select
        runs.feature_view,
        runs.runs,
        coalesce(entities.late_data, 0) as late_data,
        coalesce(entities.changed_definition, 0) as changed_definition,
        coalesce(entities.other_change, 0) as other_change,
        runs.first_as_of,
        runs.last_as_of
    from runs
    left join entities on runs.feature_view = entities.feature_view

)

select * from summary
