"""What the benchmark found, and what it was to find."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import log

from bench.report import Target, short
from feature_builds.days import LATE_CUSTOMERS, DayCosts
from feature_builds.runs import OURS, PANDAS, PANDAS_GROUPS, POLARS, Measured
from feature_builds.tables import Comparison
from feature_store import FeatureStoreError


@dataclass(frozen=True)
class Case:
    """The events that features are built of.

    As text it is ``10M, 1 line an order``.

    Attributes:
        events: of the 180 days.
        lines: events per order, in the mean; all events of an order have its time.
    """

    events: int
    lines: int

    def __str__(self) -> str:
        return f"{short(self.events)}, {self.lines} line{'s' * (self.lines > 1)} an order"


def bytes_of(limit: str) -> int:
    """Return a memory limit such as ``2GB`` in bytes.

    Raises:
        FeatureStoreError: it is another text.
    """
    found = re.fullmatch(r"([1-9]\d*)(MB|GB)", limit)
    if not found:
        raise FeatureStoreError(f"--memory-limit {limit}: is no limit", allowed="2GB, 500MB")
    return int(found[1]) * {"MB": 10**6, "GB": 10**9}[found[2]]


@dataclass
class Outcome:
    """Everything found.

    Attributes:
        memory_limit: what DuckDB may take, as it takes it.
        builds: full builds by case.
        compared: tables of data frames against this project's.
        days: what a day costs, by case.
        growth: full builds of this project alone.
    """

    memory_limit: str = ""
    builds: dict[Case, list[Measured]] = field(default_factory=dict)
    compared: dict[Case, list[Comparison]] = field(default_factory=dict)
    days: dict[Case, DayCosts] = field(default_factory=dict)
    growth: dict[Case, Measured] = field(default_factory=dict)

    @property
    def same(self) -> bool:
        """Whether all contenders built the same tables, and a day more led to a full build's."""
        followed = all(found.wrong_rows == 0 for found in self.days.values())
        return followed and all(one.same for found in self.compared.values() for one in found)

    @property
    def good(self) -> bool:
        """Whether that is so, and every target is met."""
        return self.same and all(target.met is not False for target in self.targets())

    def targets(self) -> list[Target]:
        """Return the ratios."""
        return [*self._of_builds(), *self._of_days(), *self._of_growth()]

    def _of_builds(self) -> Iterator[Target]:
        for case, measured in self.builds.items():
            by_name = {one.contender: one for one in measured}
            ours = by_name.pop(OURS)
            if polars := by_name.get(POLARS):
                yield Target(
                    f"{case}: time of ours / Polars", ours.seconds / polars.seconds, at_most=1
                )
                yield Target(
                    f"{case}: CPU time of ours / Polars", ours.cpu_seconds / polars.cpu_seconds
                )
                yield Target(
                    f"{case}: time of ours / Polars, its table not stored",
                    ours.seconds / (polars.memory_seconds or polars.seconds),
                )
                yield Target(
                    f"{case}: peak memory of ours / Polars",
                    ours.peak_bytes / polars.peak_bytes,
                    at_most=0.5,
                )
            for name, wanted in ((PANDAS_GROUPS, 0.1), (PANDAS, None)):
                if frame := by_name.get(name):
                    yield Target(
                        f"{case}: time of ours / {name}",
                        ours.seconds / frame.seconds,
                        at_most=wanted,
                    )

    def _of_days(self) -> Iterator[Target]:
        for case, found in self.days.items():
            yield Target(
                f"{case}: SQL of a day more / full build",
                found.day.sql / found.full.sql,
                at_most=0.03,
            )
            yield Target(
                f"{case}: CPU time of a day more / full build", found.day.cpu / found.full.cpu
            )
            yield Target(f"{case}: rows that the day changes / all rows", found.new_rows)
            yield Target(
                f"{case}: SQL with nothing new / dbt's start-up",
                found.nothing.sql / found.start_up.command,
                at_most=1,
            )
            yield Target(
                f"{case}: SQL of {LATE_CUSTOMERS:,} late rows / of all rows of their customers",
                found.late.sql / found.entities.sql,
                at_most=1,
            )

    def _of_growth(self) -> Iterator[Target]:
        cases = sorted(self.growth, key=lambda case: case.events)
        for case in cases:
            run = self.growth[case].runs[0]
            yield Target(
                f"{short(case.events)}: peak memory without imports / DuckDB's limit",
                (self.growth[case].peak_bytes - run.import_bytes) / bytes_of(self.memory_limit),
                at_most=1,
            )
        for few, many in pairwise(cases):
            sizes = [case.events * log(case.events) for case in (few, many)]
            yield Target(
                f"{short(many.events)}: time / time of {short(few.events)}, by n log n",
                self.growth[many].seconds / self.growth[few].seconds / (sizes[1] / sizes[0]),
                at_most=1,
            )
