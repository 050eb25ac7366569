-- Everything that order_lines_checked is made from, in one relation, so that changes can be found.
with

order_lines as (

    select * from {{ ref('stg_complete_journey__order_lines') }}

),

products as (

    select * from {{ ref('products') }}

),

joined as (

    select
        order_lines.order_id,
        order_lines.product_id,
        order_lines.customer_id,
        order_lines.store_id,
        order_lines.quantity,
        order_lines.week_number,
        order_lines.amount,
        order_lines.retail_discount,
        order_lines.coupon_discount,
        order_lines.coupon_match_discount,
        order_lines.ordered_at,
        order_lines.ordered_at_shop_time,
        order_lines.source_file,
        order_lines.batch_id,
        order_lines.source_row,
        order_lines.loaded_at,
        products.product_id is not null as is_product_known
    from order_lines
    left join products on order_lines.product_id = products.product_id

)

select * from joined
