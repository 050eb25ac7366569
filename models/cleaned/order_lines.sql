with

checked as (

    select * from {{ ref('order_lines_checked') }}

),

valid as (

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
        -- The manufacturer, not the customer, pays what its coupon takes off.
        amount - coupon_discount as paid_amount,
        retail_discount + coupon_discount + coupon_match_discount as discount_amount,
        hour(ordered_at_shop_time) as ordered_hour,
        isodow(ordered_at_shop_time) as ordered_weekday,
        ordered_at,
        source_file,
        batch_id,
        source_row,
        loaded_at
    from checked
    where is_valid

)

select * from valid
