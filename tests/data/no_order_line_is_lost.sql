-- Every staged order line is a valid line, a rejected line or an exact copy of one: the three
-- numbers add up, each counted on its own.
with

staged as (

    select count(*) as row_count from {{ ref('stg_complete_journey__order_lines') }}

),

distinct_lines as (

    select count(*) as row_count
    from (
        select distinct * exclude (source_file, batch_id, source_row, loaded_at)
        from {{ ref('stg_complete_journey__order_lines') }}
    ) as received

),

cleaned as (

    select count(*) as row_count from {{ ref('order_lines') }}

),

rejected as (

    select count(*) as row_count from {{ ref('rejected_order_lines') }}

),

counted as (

    select
        staged.row_count as staged_count,
        cleaned.row_count as cleaned_count,
        rejected.row_count as rejected_count,
        staged.row_count - distinct_lines.row_count as copy_count
    from staged, distinct_lines, cleaned, rejected

)

select * from counted
where staged_count <> cleaned_count + rejected_count + copy_count
