with

order_lines as (

    select * from {{ ref('order_lines') }}

),

grouped as (

    select
        store_id,
        count(distinct order_id) as order_count,
        count(distinct customer_id) as customer_count,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at,
        max(loaded_at) as loaded_at
    from order_lines
    group by store_id

)

select * from grouped
