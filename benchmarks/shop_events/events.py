"""Generated transactions of the shop, computed from row numbers: any range of rows by itself.

A row's day of arrival follows from its number alone, so each day is written without the others, in
memory that does not grow with their number. The values are computed with integers, or with products
and quotients of doubles, which every machine rounds alike: the rows depend on the arguments alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from feature_store import FeatureStoreError
from harness.work_database import read_sql
from shop_events.random_numbers import below, random_columns

#: Late rows come up to so many days after the event, copies after the row that they copy.
MOST_DAYS_LATE = 60
MOST_DAYS_COPIED = 3
#: Row numbers are hashed as 32 bits.
MOST_EVENTS = 1_000_000_000
_STORES = 400
_PRODUCTS = 50_000
_FIRST_BASKET = 30_000_000_000
_HERE = Path(__file__).resolve().parent

#: Names of random numbers in transactions.sql, with the column that decides each of them.
_OF_ROWS = {"copied": "n", "copied_from": "n"}
_OF_PAIRS = {"cut": "pair"}
_OF_LINES = {
    "late": "basket",
    "days_late": "basket",
    "customer": "basket",
    "store": "basket",
    "second": "basket",
    "evening": "basket",
    "product": "line",
    "pieces": "line",
    "discount": "line",
    "coupon": "line",
    "malformed": "line",
    "unreadable": "line",
}
_OF_PRICES = {"home": "customer_rank", "price": "product_id"}

_QUANTITY = """case malformation
        when 1 then null
        when 2 then 0
        when 3 then 1001 + pieces * 500
        else pieces
    end"""

_ARRIVAL = """,
    make_timestamp(
        ({first_second} + (n * {days} // {events} + 1) * 86400) * 1000000
    ) as arrived_at"""


@dataclass(frozen=True)
class ShopEvents:
    """The events to generate; the same values give the same rows in the same order on any machine.

    Attributes:
        events: rows of the transactions, late, copied and malformed ones among them.
        customers: households; few of them have many rows.
        days: days over which the rows arrive.
        start: the first of these days.
        seed: another seed gives other rows of the same kind.
        lines: order lines per order, on average.
        late: share of orders that arrive 1 to 60 days after the event.
        duplicates: share of rows that are a copy of an earlier one, in all columns.
        malformed: share of rows that the loader accepts and the cleaned layer rejects.
        unreadable: share of rows that the loader rejects; if any, quantities are doubles.

    Raises:
        FeatureStoreError: a number or a share is out of bounds.
    """

    events: int
    customers: int
    days: int
    start: date
    seed: int = 1
    lines: int = 3
    late: float = 0.01
    duplicates: float = 0.002
    malformed: float = 0.01
    unreadable: float = 0.0

    def __post_init__(self) -> None:
        most = {
            "events": MOST_EVENTS,
            "customers": MOST_EVENTS,
            "days": min(self.events, 36_525),
            "lines": 100,
        }
        errors = [
            f"{name} {getattr(self, name):,}, of 1 to {bound:,}"
            for name, bound in most.items()
            if not 1 <= getattr(self, name) <= bound
        ]
        errors += [
            f"{name} {getattr(self, name)}, of 0 to 1"
            for name in ("late", "duplicates", "malformed", "unreadable")
            if not 0 <= getattr(self, name) <= 1
        ]
        if errors:
            raise FeatureStoreError(
                "no events can be generated",
                allowed="; ".join(errors),
                next_step="choose other values",
            )

    @property
    def products(self) -> int:
        """Number of known products: the same for each place in an order."""
        return self._most_lines * self._products_per_place

    @property
    def _most_lines(self) -> int:
        return 2 * self.lines - 1

    @property
    def _products_per_place(self) -> int:
        return _PRODUCTS // self._most_lines

    def arriving(self, day: int) -> range:
        """Return the numbers of the rows that arrive on a day, the first of which is 0."""
        first, end = (-(-self.events * number // self.days) for number in (day, day + 1))
        return range(first, end)

    def product_rows(self) -> str:
        """Return a query of the known products."""
        return read_sql(_HERE / "products.sql", products=self.products)

    def rows(self, numbers: range, ranges: int = 1, *, arrival: bool = False) -> str:
        """Return a query of transactions.

        Args:
            numbers: the numbers of its rows, in their order.
            ranges: ranges that DuckDB may compute in parallel; the result is the same.
            arrival: whether to add ``arrived_at``, the end of the day on which a row arrives.
        """
        edges = [numbers.start + len(numbers) * part // ranges for part in range(ranges + 1)]
        first_second = (self.start - date(1970, 1, 1)).days * 86400
        quantity = _QUANTITY
        if self.unreadable:
            fraction = f"random_unreadable < {below(self.unreadable)}"
            quantity = f"if({fraction}, 0.5, ({quantity})::double)"
        return read_sql(
            _HERE / "transactions.sql",
            ranges="\n    union all\n    ".join(
                f"select range as n from range({first}, {end})" for first, end in pairwise(edges)
            ),
            of_rows=random_columns(_OF_ROWS, self.seed),
            of_pairs=random_columns(_OF_PAIRS, self.seed),
            of_lines=random_columns(_OF_LINES, self.seed),
            of_prices=random_columns(_OF_PRICES, self.seed),
            span=below(1),
            days=self.days,
            events=self.events,
            pair_lines=2 * self.lines,
            most_lines=self._most_lines,
            rows_copied=MOST_DAYS_COPIED * (self.events // self.days),
            days_copied=MOST_DAYS_COPIED,
            duplicates=below(self.duplicates),
            late=below(self.late),
            most_days_late=MOST_DAYS_LATE,
            malformed=below(self.malformed),
            customers=self.customers,
            stores=_STORES,
            products=self.products,
            products_a_place=self._products_per_place,
            first_basket=_FIRST_BASKET,
            first_second=first_second,
            quantity=quantity,
            arrival=_ARRIVAL.format(days=self.days, events=self.events, first_second=first_second)
            if arrival
            else "",
        )
