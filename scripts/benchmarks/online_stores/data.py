"""The generated rows: one an entity, eleven features, before and after a hundredth has changed.

Every value is computed from the customer's number by arithmetic that is exact everywhere (integers,
MD5, one division), so two machines generate the same values.
"""

from __future__ import annotations

from pathlib import Path

from bench.work import work_database

#: The share of the entities whose rows change: one in so many.
CHANGED_ONE_IN = 100
#: Of a hundred rows, so many have no value of each of the features that may lack one.
NULLS_IN_HUNDRED = 15

_ROWS = """
with random as (
    select
        n + 1 as customer_id,
        -- A changed row differs in its time and in everything that is drawn.
        ({changed} and n % {one_in} = 0) as is_changed,
        md5_number_lower('row ' || n || if(is_changed, ' again', '')) as r,
        md5_number_lower('null ' || n || if(is_changed, ' again', '')) as q,
    from range({rows}) as numbers(n)
),

counts as (
    select
        *,
        timestamp '2024-01-01' + to_days((r % 90)::integer + if(is_changed, 90, 0)) as feature_time,
        1 + (r >> 11 & 1)::bigint as orders_7d,
        orders_7d + (r >> 12 & 3)::bigint as orders_28d,
        orders_28d + (r >> 14 & 15)::bigint as orders_90d,
        orders_28d * (1 + (r >> 18 & 15)::bigint) as items_28d,
        100 + (r >> 22 & 8191)::bigint as cents_of_order,
    from random
)

select
    customer_id,
    feature_time,
    orders_7d,
    orders_28d,
    orders_90d,
    (orders_7d * cents_of_order * 0.01)::decimal(18, 2) as spend_7d,
    (orders_28d * cents_of_order * 0.01 + 0.37)::decimal(18, 2) as spend_28d,
    (orders_90d * cents_of_order * 0.01 + 0.61)::decimal(18, 2) as spend_90d,
    items_28d,
    if(q % 100 < {nulls}, null, (r >> 35 & 2047)::bigint * 0.01)::decimal(18, 2) as discount_28d,
    if(
        q // 100 % 100 < {nulls},
        null,
        (orders_28d * cents_of_order + 37)::double / orders_28d / 100
    ) as average_order_28d,
    if(q // 10000 % 100 < {nulls}, null, 'department ' || (r >> 47 & 31)) as favourite_department,
    feature_time - to_seconds((r >> 52 & 4095)::bigint) as last_order_at,
    feature_time + to_seconds((r >> 52 & 4095)::bigint) as known_at,
from counts
order by customer_id
"""


def write_rows(path: Path, rows: int, *, nulls: bool = False, changed: bool = False) -> None:
    """Write the rows of all entities: Parquet, sorted by customer, times in UTC without a zone.

    Args:
        path: the Parquet file.
        rows: its rows, one an entity: customers 1 to ``rows``.
        nulls: whether three features lack a value in :data:`NULLS_IN_HUNDRED` rows of a hundred.
        changed: whether one row in :data:`CHANGED_ONE_IN` has changed since.
    """
    query = _ROWS.format(
        rows=rows,
        nulls=NULLS_IN_HUNDRED if nulls else 0,
        changed=str(changed).lower(),
        one_in=CHANGED_ONE_IN,
    )
    with work_database(path.parent) as connection:
        connection.execute(
            f"copy ({query}) to $path (format parquet, compression snappy)", {"path": str(path)}
        )
