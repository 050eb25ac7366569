-- All that order_lines_checked is made from, so that what changed in it can be found.
with

order_lines as (

    select * from {{ ref('stg_complete_journey__order_lines') }}

),

products as (

    select * from {{ ref('products') }}

),

joined as (

    select
        order_lines.*,
        products.product_id is not null as is_product_known
    from order_lines
    left join products on order_lines.product_id = products.product_id

)

select * from joined
