-- The columns of the events that features are built of, from generated transactions.
select
    * exclude (exact_amount),
    cast(exact_amount as decimal(12, 2)) as paid_amount,
    cast(paid_amount as double) as paid
from (
    select
        household_id as customer_id,
        basket_id as order_id,
        transaction_timestamp as ordered_at,
        arrived_at as loaded_at,
        cast(sales_value as decimal(12, 2)) - cast(coupon_disc as decimal(12, 2)) as exact_amount
    from ({rows})
)
