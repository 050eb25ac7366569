"""The events that all contenders build features of."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from bench.shop_events import ShopEvents
from bench.work import work_database
from feature_store.warehouse.sql import literal

START = date(2024, 1, 1)
DAYS = 180
#: Events per customer, in the mean.
_EVENTS_PER_CUSTOMER = 50
#: DuckDB streams the rows.
_MEMORY = "1GB"

_EVENTS = """
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
"""


def shop_of(events: int, lines: int) -> ShopEvents:
    """Return the events of 180 days and of the day after.

    What the cleaned layer takes out, copies and malformed rows, is not generated. Late rows are.

    Args:
        events: of the 180 days; a 180th more come on the day after.
        lines: events per order, in the mean.
    """
    return ShopEvents(
        events=events + events // DAYS,
        customers=max(1, events // _EVENTS_PER_CUSTOMER),
        days=DAYS + 1,
        start=START,
        lines=lines,
        duplicates=0,
        malformed=0,
    )


def arrived_until(day: int) -> str:
    """Return when a day has ended, the first being 1, as SQL takes it."""
    return str(START + timedelta(days=day))


def write_events(path: Path, day_after: Path, events: int, lines: int) -> None:
    """Write the events: Parquet, in the order of their arrival.

    Amounts are decimals in ``paid_amount``, and doubles in ``paid`` for data frames.

    Args:
        path: the file of the 180 days.
        day_after: the file of the day after.
        events: of the 180 days.
        lines: events per order, in the mean.
    """
    shop = shop_of(events, lines)
    last = shop.arriving(DAYS)
    with work_database(path.parent) as connection:
        connection.execute(f"set memory_limit = '{_MEMORY}'")
        for file, numbers in ((path, range(last.start)), (day_after, last)):
            rows = shop.rows(numbers, 2, arrival=True)
            connection.execute(
                f"copy ({_EVENTS.format(rows=rows)}) to {literal(str(file))} (format parquet)"
            )
