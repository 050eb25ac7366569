-- The feature table: few customers with many rows, and many with few.
with customers as (
    select
        k as customer_id,
        rows_before(k) - rows_before(k - 1) as parts,
    from range(1, {customers} + 1) as r(k)
),

parts as (
    select
        customer_id,
        parts,
        unnest(range(parts)) as part,
    from customers
),

rows as (
    select
        customer_id,
        part,
        year_start() + to_seconds(row_second(customer_id, part, parts)) as feature_time,
        random_of('row' || customer_id || ' ', part) as r,
    from parts
),

counts as (
    select
        *,
        (r % 3)::bigint as orders_7d,
        orders_7d + (r >> 2 & 3)::bigint as orders_28d,
        orders_28d + (r >> 4 & 7)::bigint as orders_90d,
    from rows
)

select
    customer_id,
    feature_time,
    orders_7d,
    orders_28d,
    orders_90d,
    part + 1 as orders_lifetime,
    (orders_7d * (r >> 8 & 16383)::bigint * 0.01)::decimal(18, 2) as spend_7d,
    (orders_28d * (r >> 8 & 16383)::bigint * 0.01)::decimal(18, 2) as spend_28d,
    (orders_90d * (r >> 8 & 16383)::bigint * 0.01)::decimal(18, 2) as spend_90d,
    if(orders_28d > 0, (r >> 22 & 8191)::bigint * 0.01, null)::decimal(18, 2) as largest_line_28d,
    if(orders_28d > 0, (r >> 8 & 16383)::double / 100, null) as average_order_28d,
    if(orders_90d > 0, (r >> 35 & 127)::double / 128, null) as discounted_share_90d,
    if(r >> 42 & 31 > 0, 'department ' || (r >> 47 & 31), null) as favourite_department,
    orders_28d > 0 as is_active,
    feature_time + to_seconds((r >> 52 & 4095)::bigint) as known_at,
from counts
order by customer_id, feature_time
