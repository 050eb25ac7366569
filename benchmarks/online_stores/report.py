"""The report of the benchmark of the online store: its targets, tables, plot and values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from harness.contenders import Measured, find
from harness.report import Outcome, ReportTable, Target, ratio, runs_table
from online_stores.cases import FEAST, OURS, REDIS_BENCHMARK, REPEATING, Case
from online_stores.delta_exports import DeltaExports
from online_stores.plot import plot
from online_stores.readers import Latency, ReadComparison

FASTER_THAN_FEAST = 18
OF_REDIS_BENCHMARK = 0.75
#: Bytes of an entity as a multiple of Feast's, by layout.
OF_FEASTS_BYTES = {"hash": 1.3, "packed": 0.65}
#: Speed of a read as a multiple of Feast's, by its entities and the layout: median, and 99th
#: percentile.
READS = {
    1: {"hash": (3, None), "packed": (3, None)},
    100: {"hash": (10, 10), "packed": (14, 14)},
    1_000: {"hash": (None, None), "packed": (None, None)},
}
PEAK_MEGABYTES = 600
DELTA_SHARE = 0.03


@dataclass
class OnlineOutcome(Outcome):
    """The results of the benchmark.

    Attributes:
        memory_limit: memory that DuckDB may take in the exports, in bytes.
        writes: full loads, by case.
        peaks: exports of the most rows, of which only the memory is compared.
        deltas: exports of what changed.
        latencies: timed reads.
        compared: comparisons of the values that were read.
        server: the Redis server, in words.
    """

    memory_limit: int = 0
    writes: dict[Case, list[Measured]] = field(default_factory=dict)
    peaks: dict[Case, list[Measured]] = field(default_factory=dict)
    deltas: list[DeltaExports] = field(default_factory=list)
    latencies: list[Latency] = field(default_factory=list)
    compared: list[ReadComparison] = field(default_factory=list)
    server: str = ""

    @property
    def same(self) -> bool:
        """Whether all readers read the values that were written."""
        return not any(one.differing for one in self.compared)

    @property
    def note(self) -> str:
        """Sentences on how to read the tables."""
        return (
            f"{self.server} on loopback TCP. Speeds, bytes and milliseconds are medians. MB (10⁶ "
            "bytes) is the peak memory of the writing process (VmHWM)."
        )

    def measured(self) -> Iterator[Measured]:
        """Return the runs of all full loads."""
        for found in self.writes.values():
            yield from found

    def limit(self, case: Case, *, repeating: bool = False) -> Measured | None:
        """Return the fastest ``redis-benchmark`` of a case, with keys that repeat or without."""
        found = [
            one
            for one in self.writes[case]
            if one.contender.startswith(REDIS_BENCHMARK)
            and one.contender.endswith(REPEATING) == repeating
        ]
        return max(found, key=lambda one: one.median("speed"), default=None)

    def latency(self, contender: str, entities: int) -> Latency | None:
        """Return the timed reads of one contender and size, or None if it did not run."""
        found = (one for one in self.latencies if one.entities == entities)
        return next((one for one in found if one.contender == contender), None)

    def targets(self) -> Iterator[Target]:
        """Return the ratios."""
        for case in self.writes:
            yield from self._speed_targets(case)
        for case, measured in self.writes.items():
            feast = find(measured, FEAST)
            for layout, name in OURS.items():
                what = f"{case}: bytes an entity of {layout} / Feast"
                bound = None if case.nulls else OF_FEASTS_BYTES[layout]
                yield from ratio(what, "entity_bytes", find(measured, name), feast, at_most=bound)
        yield from self._read_targets()
        for case, measured in self.peaks.items():
            for one in measured:
                beyond = max(0, one.peak_bytes - self.memory_limit) / 1e6
                what = f"{case}, {one.contender}: MB beyond DuckDB's limit"
                yield Target(what, beyond, at_most=PEAK_MEGABYTES)
        for delta in self.deltas:
            yield Target(
                f"{delta}: time of 1 % beyond that of nothing / of all",
                delta.share,
                # With few rows most of the time is start-up.
                at_most=DELTA_SHARE if delta.rows >= 200_000 else None,
            )

    def _speed_targets(self, case: Case) -> Iterator[Target]:
        others = (
            (FEAST, find(self.writes[case], FEAST), FASTER_THAN_FEAST),
            (REDIS_BENCHMARK, self.limit(case), OF_REDIS_BENCHMARK),
            (f"{REDIS_BENCHMARK}{REPEATING}", self.limit(case, repeating=True), None),
        )
        for layout, name in OURS.items():
            ours = find(self.writes[case], name)
            bounded = layout == "hash" and not case.nulls
            for contender, other, bound in others:
                what = f"{case}: rows/s of {layout} / {contender}"
                yield from ratio(what, "speed", ours, other, bound if bounded else None)

    def _read_targets(self) -> Iterator[Target]:
        for entities, bounds in READS.items():
            feast = self.latency(FEAST, entities)
            for layout, name in OURS.items():
                ours = self.latency(name, entities)
                if ours and feast:
                    what, (p50, p99) = f"read of {entities:,}, {layout}: Feast's", bounds[layout]
                    yield Target(f"{what} p50 / ours", feast.p50 / ours.p50, at_least=p50)
                    yield Target(f"{what} p99 / ours", feast.p99 / ours.p99, at_least=p99)

    def tables(self) -> list[ReportTable]:
        """Return the tables of full loads, deltas and reads."""
        columns = ("contender", "rows/s", "rows/s from – to", "bytes an entity", "MB", "runs")
        loads = [*self.writes.items(), *self.peaks.items()]
        deltas = ("rows", "all, s", "1 %, s", "nothing, s", "runs")
        reads = ("entities", "contender", "p50, ms", "p99, ms", "runs")
        return [
            runs_table("Full loads", "rows", columns, loads),
            ReportTable("Exports of what changed", deltas, [*map(_delta_row, self.deltas)]),
            ReportTable("Reads of eleven features", reads, [*map(_read_row, self.latencies)]),
        ]

    def value_lines(self) -> list[str]:
        """Return a sentence about the values of each reader."""
        return [str(one) for one in self.compared]

    def write_figure(self, page: Path) -> list[str]:
        """Write the plot beside the page; return the lines that show it."""
        picture = page.with_suffix(".svg")
        picture.write_text(plot(self.writes, self.latencies), encoding="utf-8")
        return ["", f"![Rows a second, bytes an entity and milliseconds of a read]({picture.name})"]


def _delta_row(delta: DeltaExports) -> tuple[str, ...]:
    times = (delta.full, delta.changes, delta.nothing)
    return (str(delta), *(f"{median(one):.2f}" for one in times), str(len(delta.full)))


def _read_row(one: Latency) -> tuple[str, ...]:
    milliseconds = (f"{one.p50 * 1e3:.2f}", f"{one.p99 * 1e3:.2f}")
    return (f"{one.entities:,}", one.contender, *milliseconds, str(one.runs))
