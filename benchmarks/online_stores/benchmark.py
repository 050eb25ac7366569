"""The benchmark of the online store: its datasets, contenders and parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from harness.command import Session
from harness.contenders import run_in_turn
from online_stores.cases import OURS, Case, Part, Plan
from online_stores.datasets import Dataset, create_dataset
from online_stores.delta_exports import measure_delta_exports
from online_stores.readers import measure_reads, readers_of
from online_stores.redis_benchmark import LOADS, ONE_CONNECTION, Load, rows_per_second
from online_stores.report import OnlineOutcome
from online_stores.server import redis_server
from online_stores.writers import (
    Writer,
    feast_writer,
    feature_store_writer,
    redis_benchmark_writer,
    redis_py_writer,
)

#: Memory that DuckDB may take in the exports, in bytes: little, so that the exporter's shows.
MEMORY_LIMIT = 500_000_000
#: Loads of more rows take so long that a warm-up run changes nothing.
_WARM_UP_ROWS = 500_000


@dataclass
class OnlineBenchmark:
    """The benchmark of the online store.

    Attributes:
        session: the conditions of the run.
        plan: the cases.
        feast_python: the interpreter of Feast's environment; None without Feast.
        redis_benchmark: the program; None without it.
    """

    session: Session
    plan: Plan
    feast_python: Path | None
    redis_benchmark: Path | None
    outcome: OnlineOutcome = field(default_factory=lambda: OnlineOutcome(MEMORY_LIMIT))
    _datasets: dict[tuple[int, bool], Dataset] = field(default_factory=dict)
    _with_deltas: bool = True

    def run(self, parts: Sequence[Part]) -> OnlineOutcome:
        """Measure some parts, and return the results."""
        self.session.environment["FEATURE_STORE_MEMORY_LIMIT"] = f"{MEMORY_LIMIT // 1_000_000}MB"
        with redis_server(self.session.scratch) as server:
            self.outcome.server = server.facts()
        self._with_deltas = Part.DELTAS in parts
        measure = {
            Part.WRITES: self._writes,
            Part.DELTAS: self._deltas,
            Part.READS: self._reads,
            Part.MEMORY: self._memory,
        }
        for part in parts:
            measure[part]()
            self.session.save(self.outcome)
        return self.outcome

    def _dataset(self, rows: int, nulls: bool = False) -> Dataset:
        """Return a dataset; it is created on first use."""
        if (rows, nulls) not in self._datasets:
            self._datasets[rows, nulls] = create_dataset(
                self.session,
                rows,
                nulls=nulls,
                only_ttl=all(case.ttl for case in self.plan.writes if case.rows == rows),
                changed=self._with_deltas and rows in self.plan.deltas and not nulls,
                feast_python=self.feast_python,
            )
        return self._datasets[rows, nulls]

    def _our_writers(self, dataset: Dataset, ttl: bool, *, again: bool = False) -> list[Writer]:
        environment = self.session.environment
        return [
            feature_store_writer(dataset, layout, ttl, environment, again=again) for layout in OURS
        ]

    def _writers(self, case: Case, feast: bool, best_load: Load) -> list[Writer]:
        """Return the contenders of a full load."""
        dataset, environment = self._dataset(case.rows, case.nulls), self.session.environment
        writers = self._our_writers(dataset, case.ttl)
        if case.rows <= _WARM_UP_ROWS:
            writers.append(redis_py_writer(dataset, case.ttl, environment))
            if case.ttl and not case.nulls:
                writers += self._our_writers(dataset, True, again=True)
        if self.redis_benchmark and not case.ttl:
            limit = partial(redis_benchmark_writer, dataset, self.redis_benchmark)
            writers += [limit(load) for load in dict.fromkeys((ONE_CONNECTION, best_load))]
            writers.append(limit(best_load, repeating=True))
        if self.feast_python and feast:
            writers.append(feast_writer(dataset, case.ttl, self.feast_python, environment))
        return writers

    def _writes(self) -> None:
        best_load = self._best_load()
        for case, feast in self.plan.writes.items():
            self.session.tell(f"full loads: {case}")
            writers = self._writers(case, feast, best_load)
            self.outcome.writes[case] = run_in_turn(
                [writer.contender(self.session.scratch) for writer in writers],
                self.session.repeats,
                self.session.tell,
                warm_up=self.session.repeats > 1 and case.rows <= _WARM_UP_ROWS,
            )
            self.session.save(self.outcome)

    def _best_load(self) -> Load:
        """Return the load with which ``redis-benchmark`` is the fastest."""
        if not self.redis_benchmark:
            return ONE_CONNECTION
        rows = min(case.rows for case in self.plan.writes)
        speeds = {}
        for load in LOADS:
            found = []
            for _ in range(3):
                with redis_server(self.session.scratch) as server:
                    found.append(rows_per_second(self.redis_benchmark, server.port, rows, load))
            speeds[load] = sorted(found)[1]
            self.session.tell(f"redis-benchmark {load}: {speeds[load]:,.0f} rows/s")
        return max(speeds, key=lambda load: speeds[load])

    def _deltas(self) -> None:
        for rows in self.plan.deltas:
            for layout in OURS:
                self.session.tell(f"exports of what changed: {rows:,} rows, {layout}")
                found = measure_delta_exports(self.session, self._dataset(rows), layout)
                self.outcome.deltas.append(found)

    def _reads(self) -> None:
        for nulls in (False, True):
            dataset = self._dataset(self.plan.reads, nulls)
            self.session.tell(f"reads: {dataset.rows:,} entities{' with nulls' if nulls else ''}")
            readers = readers_of(dataset, self.feast_python, self.session)
            # With nulls the values are compared, but no calls are timed.
            sizes = {} if nulls else self.plan.sizes
            latencies, comparisons = measure_reads(self.session, dataset, readers, sizes)
            self.outcome.latencies += latencies
            self.outcome.compared += comparisons

    def _memory(self) -> None:
        case = Case(self.plan.memory, ttl=True)
        self.session.tell(f"memory of the exporter: {case}")
        writers = self._our_writers(self._dataset(case.rows), case.ttl)
        contenders = [writer.contender(self.session.scratch) for writer in writers]
        self.outcome.peaks[case] = run_in_turn(contenders, self.session.repeats, self.session.tell)
