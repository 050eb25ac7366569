"""What is measured, and in which order."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from pathlib import Path

from online_stores import contenders
from online_stores.contenders import OURS, Contender
from online_stores.deltas import run_delta
from online_stores.measure import Size
from online_stores.outcome import Outcome
from online_stores.prepare import Dataset, make_dataset
from online_stores.reads import readers_of, run_reads
from online_stores.redis_benchmark import LOADS, ONE_CONNECTION, Load, rows_per_second
from online_stores.server import redis_server
from online_stores.writes import Case, run_case

#: What DuckDB may take in the exports: little, so that it is not what is measured.
MEMORY_LIMIT = 500_000_000
#: More rows than these take so long that a run before, to warm up, changes nothing.
_WARM_ROWS = 500_000


class Part(Enum):
    """What may be measured alone."""

    READS = "reads"
    DELTAS = "deltas"
    MEMORY = "memory"
    WRITES = "writes"


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        writes: full loads, each with whether Feast takes part.
        deltas: rows of the exports of what changed.
        reads: rows in the store that is read from.
        sizes: the calls.
        memory: rows of the exports whose memory is measured.
    """

    writes: dict[Case, bool]
    deltas: tuple[int, ...]
    reads: int
    sizes: tuple[Size, ...]
    memory: int


SMALL = Plan(
    writes={Case(2_000, ttl=True): True, Case(2_000, ttl=False): True},
    deltas=(2_000,),
    reads=2_000,
    sizes=(Size(1, 20), Size(100, 10)),
    memory=2_000,
)
FULL = Plan(
    writes={
        Case(200_000, ttl=False): True,
        Case(200_000, ttl=True): True,
        # Feast writes nulls as it writes values, and cares as little for a TTL; it takes minutes.
        Case(200_000, ttl=True, nulls=True): False,
        Case(2_000_000, ttl=False): True,
        Case(2_000_000, ttl=True): False,
    },
    deltas=(200_000, 2_000_000),
    reads=200_000,
    sizes=(Size(1, 1_000), Size(100, 1_000), Size(1_000, 200)),
    memory=10_000_000,
)


@dataclass
class Bench:
    """A benchmark that runs.

    Attributes:
        plan: what is measured.
        scratch: folder of the data.
        environment: of all processes.
        feast_python: interpreter of Feast's environment; None without Feast.
        redis_benchmark: the program; None without it.
        repeats: runs of each that count.
        tell: takes one line about each step.
        save: is given what was found so far, after each step.
    """

    plan: Plan
    scratch: Path
    environment: dict[str, str]
    feast_python: Path | None
    redis_benchmark: Path | None
    repeats: int
    tell: Callable[[str], None]
    save: Callable[[Outcome], None] = lambda outcome: None
    outcome: Outcome = field(default_factory=Outcome)
    _datasets: dict[tuple[int, bool], Dataset] = field(default_factory=dict)
    _changing: bool = True

    def run(self, parts: Sequence[Part]) -> Outcome:
        """Measure some parts, and return what was found."""
        self.environment["FEATURE_STORE_MEMORY_LIMIT"] = f"{MEMORY_LIMIT // 1_000_000}MB"
        self.outcome.memory_limit = MEMORY_LIMIT
        with redis_server(self.scratch) as server:
            self.outcome.server = server.facts()
        work = {
            Part.WRITES: self._writes,
            Part.DELTAS: self._deltas,
            Part.READS: self._reads,
            Part.MEMORY: self._memory,
        }
        self._changing = Part.DELTAS in parts
        for part in parts:
            work[part]()
            self.save(self.outcome)
        return self.outcome

    def _dataset(self, rows: int, nulls: bool = False) -> Dataset:
        """Return a dataset, which is made when it is first needed."""
        if (rows, nulls) not in self._datasets:
            self._datasets[rows, nulls] = make_dataset(
                self.scratch,
                rows,
                nulls=nulls,
                only_ttl=all(case.ttl for case in self.plan.writes if case.rows == rows),
                changed=self._changing and rows in self.plan.deltas and not nulls,
                feast_python=self.feast_python,
                environment=self.environment,
                tell=self.tell,
            )
        return self._datasets[rows, nulls]

    def _ours(self, dataset: Dataset, ttl: bool) -> list[Contender]:
        return [contenders.ours(dataset, layout, ttl, self.environment) for layout in OURS]

    def _writes(self) -> None:
        best = self._best_load()
        for case, feast in self.plan.writes.items():
            self.tell(f"full loads: {case}")
            dataset = self._dataset(case.rows, case.nulls)
            racing = self._ours(dataset, case.ttl)
            if case.rows <= _WARM_ROWS:
                python = Path(sys.executable)
                racing.append(contenders.redis_py(dataset, case.ttl, python, self.environment))
            # Over rows that are there already: each key is deleted and set in a transaction.
            if case.ttl and not case.nulls and case.rows <= _WARM_ROWS:
                racing += [
                    contenders.ours_again(dataset, layout, True, self.environment)
                    for layout in OURS
                ]
            if self.redis_benchmark and not case.ttl:
                limit = partial(contenders.redis_benchmark, dataset, self.redis_benchmark)
                racing += [limit(load) for load in dict.fromkeys((ONE_CONNECTION, best))]
                racing.append(limit(best, repeating=True))
            if self.feast_python and feast:
                racing.append(
                    contenders.feast(dataset, case.ttl, self.feast_python, self.environment)
                )
            self.outcome.writes[case] = run_case(
                racing,
                self.scratch,
                self.repeats,
                self.tell,
                warm=self.repeats > 1 and case.rows <= _WARM_ROWS,
            )
            self.save(self.outcome)

    def _best_load(self) -> Load:
        """Return the number of connections with which ``redis-benchmark`` is the fastest."""
        if not self.redis_benchmark:
            return ONE_CONNECTION
        rows = min(case.rows for case in self.plan.writes)
        speeds = {}
        for load in LOADS:
            found = []
            for _ in range(3):
                with redis_server(self.scratch) as server:
                    found.append(rows_per_second(self.redis_benchmark, server.port, rows, load))
            speeds[load] = sorted(found)[1]
            self.tell(f"redis-benchmark {load}: {speeds[load]:,.0f} rows/s")
        return max(speeds, key=lambda load: speeds[load])

    def _deltas(self) -> None:
        for rows in self.plan.deltas:
            for layout in OURS:
                self.tell(f"exports of what changed: {rows:,} rows, {layout}")
                dataset = self._dataset(rows)
                found = run_delta(dataset, layout, self.environment, self.repeats, self.tell)
                self.outcome.deltas.append(found)

    def _reads(self) -> None:
        for nulls in (False, True):
            dataset = self._dataset(self.plan.reads, nulls)
            self.tell(f"reads: {dataset.rows:,} entities{' with nulls' if nulls else ''}")
            writers = self._ours(dataset, True)
            if self.feast_python:
                writers.append(contenders.feast(dataset, True, self.feast_python, self.environment))
            readers = readers_of(dataset, self.feast_python, self.environment)
            # With nulls only the values matter.
            sizes = () if nulls else self.plan.sizes
            latencies, answers = run_reads(
                dataset, writers, readers, sizes, self.repeats, self.tell
            )
            self.outcome.latencies += latencies
            self.outcome.answers += answers

    def _memory(self) -> None:
        case = Case(self.plan.memory, ttl=True)
        self.tell(f"memory of the exporter: {case}")
        racing = self._ours(self._dataset(case.rows), case.ttl)
        self.outcome.peaks[case] = run_case(
            racing, self.scratch, self.repeats, self.tell, warm=False
        )
