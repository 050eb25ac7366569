"""Generated data of the benchmark of feature builds: the events of 180 days and of one more."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from harness.work_database import read_sql, work_database, write_parquet
from shop_events.events import ShopEvents
from shop_events.files import MEMORY_LIMIT, RANGES

START = date(2024, 1, 1)
DAYS = 180
#: Events per customer, on average.
_EVENTS_PER_CUSTOMER = 50


def end_of_day(day: int) -> str:
    """Return the date on which a day has ended, the first day being 1, for SQL."""
    return str(START + timedelta(days=day))


def write_events(path: Path, day_after: Path, events: int, lines: int) -> None:
    """Write the events of 180 days and of the day after: Parquet, in the order of their arrival.

    Amounts are decimals in ``paid_amount``, and doubles in ``paid`` for data frames. Some rows are
    late; copies and malformed rows, which the cleaned layer removes, are not generated.

    Args:
        path: the file of the 180 days.
        day_after: the file of the day after.
        events: events of the 180 days; a 180th more come on the day after.
        lines: events per order, on average.
    """
    shop = ShopEvents(
        events=events + events // DAYS,
        customers=max(1, events // _EVENTS_PER_CUSTOMER),
        days=DAYS + 1,
        start=START,
        lines=lines,
        duplicates=0,
        malformed=0,
    )
    last = shop.arriving(DAYS)
    with work_database(path.parent, MEMORY_LIMIT) as connection:
        for file, numbers in ((path, range(last.start)), (day_after, last)):
            rows = shop.rows(numbers, RANGES, arrival=True)
            query = read_sql(Path(__file__).with_name("events.sql"), rows=rows)
            write_parquet(connection, query, file)
