"""Comparison of every value of the feature tables that two contenders built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from feature_builds.project import TABLE
from feature_builds.task import FEATURES
from feature_store.warehouse.sql import literal
from harness.work_database import parquet, work_database

_KEYS = ("customer_id", "feature_time")
#: Largest error of a sum of doubles, in dollars; sums of decimals are exact.
TOLERANCE = 0.005


@dataclass(frozen=True)
class Comparison:
    """Differences between a data frame's table and this project's.

    Attributes:
        contender: the contender with the data frame.
        rows: rows of this project's table.
        only_ours: rows, by customer and feature time, that only this project's table has.
        only_theirs: rows that only the data frame has.
        differing: number of values that differ, by column; columns without any are left out.
        worst_sum: the largest error of a sum of doubles, in dollars.
    """

    contender: str
    rows: int
    only_ours: int
    only_theirs: int
    differing: dict[str, int]
    worst_sum: float

    @property
    def same(self) -> bool:
        """Whether the tables are the same."""
        return not (self.only_ours or self.only_theirs or self.differing)

    def __str__(self) -> str:
        values = self.rows * (len(FEATURES) + 1)
        if self.same:
            return (
                f"{self.contender}: {self.rows:,} rows, {values:,} values, none differing; "
                f"sums of doubles are off by {self.worst_sum:.0e} dollars at most"
            )
        columns = ", ".join(f"{name} {count:,}" for name, count in self.differing.items())
        return (
            f"{self.contender}: of {self.rows:,} rows {self.only_ours:,} only here, "
            f"{self.only_theirs:,} only there; VALUES THAT DIFFER: {columns or 'none'}"
        )


def compare(contender: str, warehouse: Path, theirs: Path) -> Comparison:
    """Compare every value of two feature tables.

    Args:
        contender: the contender with the data frame.
        warehouse: the DuckDB file with this project's table.
        theirs: the data frame (Parquet).
    """
    sums = [name for name in FEATURES if name.startswith("spend_")]
    wrong = [f"ours.{name} is distinct from theirs.{name}" for name in FEATURES]
    for place, name in enumerate(FEATURES):
        if name in sums:
            wrong[place] = f"coalesce(abs(ours.{name}::double - theirs.{name}), 1) > {TOLERANCE}"
        elif name.startswith("largest_line_"):
            # The doubles are those nearest to the decimals: their casts are the same.
            wrong[place] = f"ours.{name}::double is distinct from theirs.{name}"
    columns = (*FEATURES, "known_at")
    is_pair = "ours.customer_id is not null and theirs.customer_id is not null"
    counts = [
        f"count(*) filter (where {is_pair} and {expression})"
        for expression in (*wrong, "ours.known_at is distinct from theirs.known_at")
    ]
    worst = ", ".join(f"abs(ours.{name}::double - theirs.{name})" for name in sums)
    with work_database(theirs.parent) as connection:
        connection.execute(f"attach {literal(str(warehouse))} as built (read_only)")
        found = connection.execute(
            f"""
            select
                count(ours.customer_id),
                count(*) filter (where theirs.customer_id is null),
                count(*) filter (where ours.customer_id is null),
                max(greatest({worst})),
                {", ".join(counts)}
            from built.{TABLE} as ours
            full join {parquet(theirs)} as theirs
                using ({", ".join(_KEYS)})
            """
        ).fetchall()[0]
    rows, only_ours, only_theirs, worst_sum, *differing = found
    return Comparison(
        contender,
        rows,
        only_ours,
        only_theirs,
        {name: count for name, count in zip(columns, differing, strict=True) if count},
        worst_sum or 0.0,
    )
