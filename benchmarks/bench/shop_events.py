"""Made-up transactions of the shop, computed from row numbers: any range of rows by itself.

A row's day of arrival follows from its number alone, so each day is written without the others, in
memory that does not grow with their number. All is arithmetic of integers, or multiplication and
division of doubles, which every machine rounds alike: the rows depend on the arguments alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from bench import shop_sql
from bench.random_sql import below, random_columns
from feature_store import FeatureStoreError

#: Late rows come up to so many days after the event, copies after the row that they copy.
MOST_DAYS_LATE = 60
MOST_DAYS_COPIED = 3
#: Row numbers are hashed as 32 bits.
MOST_EVENTS = 1_000_000_000
_STORES = 400
_PRODUCTS = 50_000
_FIRST_BASKET = 30_000_000_000


@dataclass(frozen=True)
class ShopEvents:
    """What is generated; the same values give the same rows, in the same order, anywhere.

    Attributes:
        events: rows of the transactions, late, copied and malformed ones among them.
        customers: households they are of; few have many.
        days: days over which they arrive.
        start: the first of these.
        seed: other rows of the same kind.
        lines: order lines per order, in the mean.
        late: share of orders that arrive 1 to 60 days after the event.
        duplicates: share of rows that copy an earlier one, in all columns.
        malformed: share of rows that the loader takes and the cleaned layer rejects.
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
        faults = [
            f"{name} {getattr(self, name):,}, of 1 to {bound:,}"
            for name, bound in most.items()
            if not 1 <= getattr(self, name) <= bound
        ]
        faults += [
            f"{name} {getattr(self, name)}, of 0 to 1"
            for name in ("late", "duplicates", "malformed", "unreadable")
            if not 0 <= getattr(self, name) <= 1
        ]
        if faults:
            raise FeatureStoreError(
                "no events can be made", allowed="; ".join(faults), next_step="choose others"
            )

    @property
    def products(self) -> int:
        """Products that are known: as many for each place in an order."""
        return self._most_lines * self._products_a_place

    @property
    def _most_lines(self) -> int:
        return 2 * self.lines - 1

    @property
    def _products_a_place(self) -> int:
        return _PRODUCTS // self._most_lines

    def arriving(self, day: int) -> range:
        """Return the numbers of the rows that arrive on a day, the first of which is 0."""
        first, end = (-(-self.events * number // self.days) for number in (day, day + 1))
        return range(first, end)

    def product_rows(self) -> str:
        """Return a query of the products that are known."""
        return shop_sql.PRODUCT_ROWS.format(products=self.products)

    def rows(self, numbers: range, pieces: int = 1, *, arrival: bool = False) -> str:
        """Return a query of transactions.

        Args:
            numbers: of its rows, and their order.
            pieces: ranges that may be computed side by side; the result is the same.
            arrival: whether to add ``arrived_at``, the end of the day on which a row arrives.
        """
        edges = [numbers.start + len(numbers) * piece // pieces for piece in range(pieces + 1)]
        first_second = (self.start - date(1970, 1, 1)).days * 86400
        quantity = shop_sql.QUANTITY
        if self.unreadable:
            fraction = f"random_unreadable < {below(self.unreadable)}"
            quantity = f"if({fraction}, 0.5, ({quantity})::double)"
        return shop_sql.ROWS.format(
            ranges="\n    union all\n    ".join(
                f"select range as n from range({first}, {end})" for first, end in pairwise(edges)
            ),
            of_rows=random_columns(shop_sql.OF_ROWS, self.seed),
            of_pairs=random_columns(shop_sql.OF_PAIRS, self.seed),
            of_lines=random_columns(shop_sql.OF_LINES, self.seed),
            of_prices=random_columns(shop_sql.OF_PRICES, self.seed),
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
            products_a_place=self._products_a_place,
            first_basket=_FIRST_BASKET,
            first_second=first_second,
            quantity=quantity,
            arrival=shop_sql.ARRIVAL.format(
                days=self.days, events=self.events, first_second=first_second
            )
            if arrival
            else "",
        )
