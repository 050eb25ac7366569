"""Everything that the benchmark found, and the targets it is held against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.report import Target
from online_stores.contenders import FEAST, OURS, REDIS_BENCHMARK, REPEATING
from online_stores.deltas import Delta
from online_stores.reads import Answers, Latency
from online_stores.writes import Case, Measured

FASTER_THAN_FEAST = 18
OF_REDIS_BENCHMARK = 0.75
#: Of Feast's bytes an entity, by layout.
MEMORY = {"hash": 1.3, "packed": 0.65}
#: How many times as fast as Feast a read must be: at the median, and at the 99th percentile.
READS = {1: (2, None), 100: (12, 10), 1_000: (None, None)}
PEAK_MEGABYTES = 600
DELTA_SHARE = 0.03


@dataclass
class Outcome:
    """Everything found.

    Attributes:
        writes: full loads, by case.
        peaks: exports of the most rows, of which only the memory matters.
        memory_limit: what DuckDB may take then, in bytes.
        deltas: exports of what changed.
        latencies: reads.
        answers: what was read of all entities.
        server: the Redis server, in words.
    """

    writes: dict[Case, list[Measured]] = field(default_factory=dict)
    peaks: dict[Case, list[Measured]] = field(default_factory=dict)
    memory_limit: int = 0
    deltas: list[Delta] = field(default_factory=list)
    latencies: list[Latency] = field(default_factory=list)
    answers: list[Answers] = field(default_factory=list)
    server: str = ""

    def of(self, case: Case, contender: str) -> Measured | None:
        """Return what one contender measured in a case, if it ran."""
        return next((m for m in self.writes.get(case, []) if m.contender == contender), None)

    def limit(self, case: Case, *, repeating: bool = False) -> Measured | None:
        """Return the fastest ``redis-benchmark`` of a case, if it ran.

        Unless its keys repeat, it sets as many as an export of as many rows.
        """
        ran = [
            one
            for one in self.writes.get(case, [])
            if one.contender.startswith(REDIS_BENCHMARK)
            and one.contender.endswith(REPEATING) == repeating
        ]
        return max(ran, key=lambda one: one.speed, default=None)

    def latency(self, contender: str, entities: int) -> Latency | None:
        """Return the reads of one contender and size, if it ran."""
        return next(
            (
                one
                for one in self.latencies
                if one.contender == contender and one.entities == entities
            ),
            None,
        )

    def targets(self) -> list[Target]:
        """Return the numbers that are asked for, and some beside them."""
        return [
            *self._speeds(),
            *self._memory(),
            *self._reads(),
            *self._peaks(),
            *self._deltas(),
        ]

    def _speeds(self) -> Iterator[Target]:
        for case in self.writes:
            feast, limit = self.of(case, FEAST), self.limit(case)
            repeating = self.limit(case, repeating=True)
            for layout, name in OURS.items():
                ours, asked = self.of(case, name), layout == "hash" and not case.nulls
                if ours and feast:
                    yield Target(
                        f"{case}: rows/s of {layout} / Feast",
                        ours.speed / feast.speed,
                        at_least=FASTER_THAN_FEAST if asked else None,
                    )
                if ours and limit:
                    yield Target(
                        f"{case}: rows/s of {layout} / redis-benchmark",
                        ours.speed / limit.speed,
                        at_least=OF_REDIS_BENCHMARK if asked else None,
                    )
                if ours and repeating:
                    yield Target(
                        f"{case}: rows/s of {layout} / redis-benchmark{REPEATING}",
                        ours.speed / repeating.speed,
                    )

    def _memory(self) -> Iterator[Target]:
        for case in self.writes:
            feast = self.of(case, FEAST)
            for layout, name in OURS.items():
                ours = self.of(case, name)
                if ours and feast:
                    yield Target(
                        f"{case}: bytes an entity of {layout} / Feast",
                        ours.entity_bytes / feast.entity_bytes,
                        at_most=None if case.nulls else MEMORY[layout],
                    )

    def _reads(self) -> Iterator[Target]:
        for entities, (median, high) in READS.items():
            feast = self.latency(FEAST, entities)
            for layout, name in OURS.items():
                ours = self.latency(name, entities)
                if ours and feast:
                    what = f"read of {entities:,}, {layout}: Feast's"
                    yield Target(f"{what} p50 / ours", feast.p50 / ours.p50, at_least=median)
                    yield Target(f"{what} p99 / ours", feast.p99 / ours.p99, at_least=high)

    def _peaks(self) -> Iterator[Target]:
        for case, measured in self.peaks.items():
            for one in measured:
                yield Target(
                    f"{case}, {one.contender}: MB beyond DuckDB's limit",
                    max(0, one.peak_bytes - self.memory_limit) / 1e6,
                    at_most=PEAK_MEGABYTES,
                )

    def _deltas(self) -> Iterator[Target]:
        for delta in self.deltas:
            yield Target(
                f"{delta}: time of 1 % beyond that of nothing / of all",
                delta.share,
                # With few rows it is start-up that is measured.
                at_most=DELTA_SHARE if delta.rows >= 200_000 else None,
            )

    @property
    def same(self) -> bool:
        """Whether everybody read what was written."""
        return not any(one.differing for one in self.answers)

    @property
    def good(self) -> bool:
        """Whether values are the same and every target is met."""
        return self.same and all(target.met is not False for target in self.targets())
