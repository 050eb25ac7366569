with

checked as (

    select * from {{ ref('order_lines_checked') }}

),

rejected as (

    select
        order_id,
        product_id,
        customer_id,
        store_id,
        quantity,
        week_number,
        amount,
        retail_discount,
        coupon_discount,
        coupon_match_discount,
        ordered_at,
        source_file,
        batch_id,
        source_row,
        loaded_at,
        faults
    from checked
    where copy_number = 1 and not is_valid

)

select * from rejected
