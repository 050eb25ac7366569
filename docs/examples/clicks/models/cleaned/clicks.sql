with

staged as (

    select * from {{ ref('stg_web__clicks') }}

),

-- Exact copies are one click.
grouped as (

    select
        visitor_id,
        page,
        seconds,
        clicked_at,
        min(loaded_at) as loaded_at
    from staged
    group by
        visitor_id,
        page,
        seconds,
        clicked_at

)

select * from grouped
