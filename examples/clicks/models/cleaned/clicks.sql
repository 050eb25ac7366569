with

staged as (

    select * from {{ ref('stg_web__clicks') }}

),

-- Exact copies are one click, the one that was loaded first.
clicks as (

    select
        visitor_id,
        page,
        seconds,
        clicked_at,
        source_file,
        batch_id,
        source_row,
        loaded_at
    from staged
    qualify
        row_number() over (
            partition by visitor_id, page, seconds, clicked_at
            order by loaded_at, source_file, source_row
        ) = 1

)

select * from clicks
