-- The events of 180 days, in the order in which they arrived.
select
    customer_id,
    order_id,
    ordered_at,
    paid_amount,
    loaded_at
from read_parquet('../events.parquet')
