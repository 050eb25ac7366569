"""The generated data: a feature table with few heavy and many small customers, and spines.

Every value is computed from the row's number by arithmetic that is exact everywhere (integers,
square roots, MD5), so two machines generate the same bytes' worth of values.
"""

from __future__ import annotations

from pathlib import Path

from bench.work import work_database

#: Rows of the feature table per customer, in the mean.
ROWS_PER_CUSTOMER = 50

_MACROS = """
create or replace macro year_start() as timestamptz '2024-01-01 00:00:00+00';
create or replace macro year_seconds() as 31536000;
create or replace macro random_of(name, n) as md5_number_lower(name || n::varchar);
-- Customer k of n has the rows from rows_before(k - 1) to rows_before(k): the fourth root lets the
-- first 1 % of the customers have 32 % of the rows, and the median customer 21.
create or replace macro rows_before(k) as
    floor(sqrt(sqrt(k::double / {customers})) * {rows})::bigint;
-- One moment in each of a customer's equal parts of the year: no two rows of one share a time.
create or replace macro row_second(customer, part, parts) as
    part * (year_seconds() // parts)
    + (random_of('at' || customer || ' ', part) % (year_seconds() // parts)::ubigint)::bigint;
"""

_FEATURES = """
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
"""

# Random customers, and on purpose: 0.5 % without a key, 2 % unknown, 5 % at the very moment of a
# feature row or a microsecond beside it, 1 % the same row twice, 10 % outside the year.
_SPINE = """
with numbered as (
    select if(random_of('twice', n) % 100 = 0 and n > 0, n - 1, n) as label_id,
    from range({labels}) as r(n)
),

drawn as (
    select
        label_id,
        random_of('kind', label_id) % 1000 as kind,
        (random_of('customer', label_id) % {customers})::bigint + 1 as k,
        random_of('time', label_id) as r,
    from numbered
),

placed as (
    select
        *,
        rows_before(k) - rows_before(k - 1) as parts,
        row_second(k, (r % parts::ubigint)::bigint, parts) as a_row_second,
    from drawn
)

select
    label_id,
    case
        when kind < 5 then null
        when kind < 25 then k + {customers}
        else k
    end as customer_id,
    case
        when kind between 25 and 74
            then
                year_start() + to_seconds(a_row_second)
                + to_microseconds((r % 3)::bigint - 1)
        else
            year_start() - to_days(20)
            + to_microseconds((r % (year_seconds()::ubigint * 11 // 10 * 1000000))::bigint)
    end as label_time,
    (r >> 60) % 4 = 0 as is_churned,
from placed
"""


def _write(path: Path, query: str, rows: int, **numbers: int) -> None:
    numbers |= {"rows": rows, "customers": max(1, rows // ROWS_PER_CUSTOMER)}
    with work_database(path.parent) as connection:
        connection.execute(_MACROS.format(**numbers))
        # Feast's reader skips what it does not need by row group, so rows are sorted and groups
        # have DuckDB's own size. Snappy is the quickest to read.
        connection.execute(
            f"copy ({query.format(**numbers)}) to $path (format parquet, compression snappy)",
            {"path": str(path)},
        )


def write_features(path: Path, rows: int) -> None:
    """Write the feature table: Parquet, sorted by customer and time, times in UTC.

    Args:
        path: the Parquet file.
        rows: its rows; it has a fiftieth as many customers.
    """
    _write(path, _FEATURES, rows)


def write_spine(path: Path, labels: int, feature_rows: int) -> None:
    """Write a spine for a feature table: label_id, customer_id, label_time, is_churned.

    Args:
        path: the Parquet file.
        labels: its rows.
        feature_rows: the rows of the feature table that it is to be joined with.
    """
    _write(path, _SPINE, feature_rows, labels=labels)
