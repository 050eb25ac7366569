"""The cases of the benchmark of joins, and the names of its contenders."""

from __future__ import annotations

from dataclasses import dataclass

from harness.report import short

OURS = "this project"
FEAST = "Feast"


@dataclass(frozen=True)
class Case:
    """Sizes of a join: rows of the feature table, labels, and the maximum age of features.

    As text it is ``50k × 10M`` (labels × feature rows), or ``50k × 10M, 28d`` with a maximum age.
    """

    feature_rows: int
    labels: int
    max_age_days: int | None = None

    def __str__(self) -> str:
        age = f", {self.max_age_days}d" if self.max_age_days else ""
        return f"{short(self.labels)} × {short(self.feature_rows)}{age}"


SMALL = [Case(10_000, 2_000), Case(10_000, 2_000, 28)]
FULL = [
    Case(1_000_000, 50_000),
    Case(1_000_000, 1_000_000),
    Case(10_000_000, 50_000),
    Case(10_000_000, 1_000_000),
    Case(10_000_000, 50_000, 28),
    Case(10_000_000, 1_000_000, 28),
]
