"""The cases of the benchmark of feature builds, and the names of its parts and contenders."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from harness.report import short

OURS = "this project"
POLARS = "Polars"
PANDAS = "pandas"
PANDAS_GROUPS = "pandas, groupby().rolling()"


class Part(Enum):
    """Parts that can be measured alone."""

    BUILDS = "builds"
    DAYS = "days"
    GROWTH = "growth"


@dataclass(frozen=True)
class Case:
    """The events that features are built of; as text it is ``10M, 1 line an order``.

    Attributes:
        events: events of the 180 days.
        lines: events per order, on average; all events of an order have the same time.
    """

    events: int
    lines: int

    def __str__(self) -> str:
        return f"{short(self.events)}, {self.lines} line{'s' * (self.lines > 1)} an order"


SMALL = dict.fromkeys(Part, (Case(5_000, 1),))
FULL = {
    Part.BUILDS: (Case(10_000_000, 1), Case(10_000_000, 9)),
    Part.DAYS: (Case(10_000_000, 9), Case(10_000_000, 1)),
    Part.GROWTH: (Case(1_000_000, 1), Case(10_000_000, 1), Case(100_000_000, 1)),
}
