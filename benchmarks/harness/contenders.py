"""Repeated runs of contenders that take turns, and the medians of their measurements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Run:
    """Measurements of one run; each benchmark fills in those that it compares.

    Attributes:
        seconds: duration of the work, without importing libraries.
        cpu_seconds: CPU time of all cores in that duration; other load hardly changes it.
        import_bytes: peak memory of the process after importing libraries.
        peak_bytes: peak memory of the process at the end.
        rows: rows that were written or returned.
        memory_seconds: duration until a data frame was in memory, before it was stored.
        command_seconds: duration of the whole dbt command.
        entity_bytes: memory of one entity in Redis.
        versions: versions of the packages it ran on.
    """

    seconds: float
    cpu_seconds: float = 0.0
    import_bytes: float = 0
    peak_bytes: float = 0
    rows: float = 0
    memory_seconds: float = 0.0
    command_seconds: float = 0.0
    entity_bytes: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def speed(self) -> float:
        """Rows per second."""
        return self.rows / self.seconds

    def __str__(self) -> str:
        parts = [f"{self.seconds:.2f} s"]
        if self.peak_bytes:
            parts += [f"{self.cpu_seconds:.2f} s of CPU", f"{self.peak_bytes / 1e6:,.0f} MB"]
        if self.rows:
            parts.append(f"{self.speed:,.0f} rows/s")
        if self.entity_bytes:
            parts.append(f"{self.entity_bytes:.0f} bytes an entity")
        return ", ".join(parts)


@dataclass(frozen=True)
class Contender:
    """A program that does the work of a benchmark.

    Attributes:
        name: its name in the report.
        run: does the work once, and returns the measurements.
        warm_up: the uncounted first run where it differs from ``run``.
        result: the Parquet file that the contender writes, for the comparison of values.
    """

    name: str
    run: Callable[[], Run]
    warm_up: Callable[[], Run] | None = None
    result: Path | None = None


@dataclass(frozen=True)
class Measured:
    """All counted runs of one contender in one case."""

    contender: str
    runs: tuple[Run, ...]

    def values(self, name: str) -> list[Any]:
        """Return one measurement of all runs, the smallest first."""
        return sorted(getattr(run, name) for run in self.runs)

    def median(self, name: str) -> float:
        """Return the median of one measurement, such as ``seconds``."""
        return median(self.values(name))

    @property
    def seconds(self) -> float:
        """Median of the seconds."""
        return self.median("seconds")

    @property
    def peak_bytes(self) -> float:
        """Median of the peak memory."""
        return self.median("peak_bytes")


def find(measured: Sequence[Measured], contender: str) -> Measured | None:
    """Return the runs of one contender, or None if it did not run."""
    return next((one for one in measured if one.contender == contender), None)


def run_in_turn(
    contenders: Sequence[Contender],
    repeats: int,
    tell: Callable[[str], None],
    *,
    warm_up: bool = False,
    long_seconds: float = 60,
    long_repeats: int = 3,
) -> list[Measured]:
    """Run contenders in turn, in the reverse order every second time.

    The order changes so that no contender always runs on the processor that the same other one
    has heated up.

    Args:
        contenders: the contenders.
        repeats: counted runs of each.
        tell: takes one line about each run.
        warm_up: whether each runs once before, uncounted, to fill the page cache.
        long_seconds: a contender whose first counted run takes longer runs less often.
        long_repeats: counted runs of such a contender.
    """
    if warm_up:
        for contender in contenders:
            run = (contender.warm_up or contender.run)()
            tell(f"  {contender.name}: {run}, not counted")
    runs: dict[str, list[Run]] = {contender.name: [] for contender in contenders}
    for number in range(repeats):
        for contender in contenders if number % 2 == 0 else contenders[::-1]:
            done = runs[contender.name]
            if len(done) >= long_repeats and done[0].seconds > long_seconds:
                continue
            done.append(contender.run())
            tell(f"  {contender.name}: {done[-1]}")
    return [Measured(name, tuple(found)) for name, found in runs.items()]
