-- Rows of customers. The quartiles are near those of the sample's customer_purchases: half of the
-- customers have bought nothing in 7 days, a fifth nothing in 28; the median is ten orders in 90
-- days, the maximum 58.
with random as (
    select
        n + 1 as customer_id,
        -- A changed row has another time and other random numbers.
        ({changed} and n % {one_in} = 0) as is_changed,
        md5_number_lower('row ' || n || if(is_changed, ' again', '')) as r,
        (r % 1000)::bigint as rank,
    from range({rows}) as numbers(n)
),

counts as (
    select
        *,
        timestamp '2024-01-01'
        + to_days((r >> 10 & 63)::integer + if(is_changed, 90, 0)) as feature_time,
        if(
            rank < 60,
            0,
            1 + (30 * rank * rank + 4000 * rank) // 1000000 + greatest(rank - 950, 0) // 2
        ) as orders_90d,
        orders_90d * (3 + (r >> 16) % 3)::bigint // 12 as orders_28d,
        orders_28d * (1 + (r >> 20) % 3)::bigint // 6 as orders_7d,
        -- The cents of one order, and odd cents so that sums are not multiples of it.
        800 + (r >> 24 & 4095)::bigint as cents,
        (r >> 36 & 63)::bigint as odd_cents,
        (r >> 42 & 63)::bigint as thrift,
        5 + (r >> 48 & 7)::bigint as basket,
        (r >> 52 & 3)::bigint as wanderlust,
    from random
),

summed as (
    select
        *,
        (orders_28d * cents + if(orders_28d > 0, odd_cents + 13, 0)) as cents_28d,
    from counts
)

select
    customer_id,
    feature_time,
    orders_7d,
    orders_28d,
    orders_90d,
    ((orders_7d * cents + if(orders_7d > 0, odd_cents, 0)) * 0.01)::decimal(18, 2) as spend_7d,
    (cents_28d * 0.01)::decimal(18, 2) as spend_28d,
    ((orders_90d * cents + if(orders_90d > 0, odd_cents + 47, 0)) * 0.01)::decimal(18, 2)
        as spend_90d,
    (if(orders_28d > 0, thrift * thrift + odd_cents, 0) * 0.01)::decimal(18, 2) as discount_28d,
    orders_28d * basket as products_28d,
    orders_28d * basket + (orders_90d - orders_28d) * (basket - 1) as products_90d,
    least(orders_28d, 1 + wanderlust) as stores_28d,
    case
        when orders_28d > 0 then cents_28d::double / 100 / orders_28d
        when not {nulls} then 0
    end as average_order_28d,
    feature_time + to_seconds((r >> 52)::bigint) as known_at,
from summed
order by customer_id
