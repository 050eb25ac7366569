"""The report of the benchmark of feature builds: its targets, tables and sentences about values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import log

from feature_builds.cases import OURS, PANDAS, PANDAS_GROUPS, POLARS, Case
from feature_builds.compare_tables import Comparison
from feature_builds.incremental_runs import LATE_CUSTOMERS, LATE_DAYS, IncrementalCosts
from feature_store import FeatureStoreError
from harness.contenders import Measured, find
from harness.report import Outcome, ReportTable, Target, ratio, runs_table, short


def bytes_of(limit: str) -> int:
    """Return a memory limit such as ``2GB`` in bytes.

    Raises:
        FeatureStoreError: it is not a memory limit.
    """
    found = re.fullmatch(r"([1-9]\d*)(MB|GB)", limit)
    if not found:
        raise FeatureStoreError(
            f"--memory-limit {limit}: is not a valid memory limit",
            allowed="a whole number and MB or GB: 2GB, 500MB",
            next_step="give one of these",
        )
    return int(found[1]) * {"MB": 10**6, "GB": 10**9}[found[2]]


@dataclass
class BuildsOutcome(Outcome):
    """The results of the benchmark.

    Attributes:
        memory_limit: memory that DuckDB may take, such as ``2GB``.
        builds: full builds, by case.
        compared: tables of data frames compared with this project's, by case.
        days: costs of incremental runs, by case.
        growth: full builds of this project alone, by case.
    """

    memory_limit: str = ""
    builds: dict[Case, list[Measured]] = field(default_factory=dict)
    compared: dict[Case, list[Comparison]] = field(default_factory=dict)
    days: dict[Case, IncrementalCosts] = field(default_factory=dict)
    growth: dict[Case, Measured] = field(default_factory=dict)

    @property
    def same(self) -> bool:
        """Whether all tables are the same, and incremental runs lead to a full build's table."""
        compared = [one for found in self.compared.values() for one in found]
        return all(one.same for one in compared) and not any(
            found.day_facts.wrong_rows for found in self.days.values()
        )

    @property
    def note(self) -> str:
        """Sentences on how to read the tables."""
        return (
            f"DuckDB may take {self.memory_limit}. Seconds and megabytes (10⁶ bytes, VmHWM) are "
            "medians."
        )

    def measured(self) -> Iterator[Measured]:
        """Return the runs of all full builds."""
        for found in self.builds.values():
            yield from found
        yield from self.growth.values()

    def targets(self) -> Iterator[Target]:
        """Return the ratios."""
        yield from self._build_targets()
        yield from self._day_targets()
        yield from self._growth_targets()

    def _build_targets(self) -> Iterator[Target]:
        for case, measured in self.builds.items():
            ours, polars = find(measured, OURS), find(measured, POLARS)
            what = f"{case}: time of ours / Polars"
            yield from ratio(what, "seconds", ours, polars, at_most=1)
            yield from ratio(f"{case}: CPU time of ours / Polars", "cpu_seconds", ours, polars)
            if ours and polars:
                in_memory = ours.seconds / (polars.median("memory_seconds") or polars.seconds)
                yield Target(f"{what}, its table not stored", in_memory)
            memory = f"{case}: peak memory of ours / Polars"
            yield from ratio(memory, "peak_bytes", ours, polars, at_most=0.5)
            for name, wanted in ((PANDAS_GROUPS, 0.1), (PANDAS, None)):
                pandas = find(measured, name)
                what = f"{case}: time of ours / {name}"
                yield from ratio(what, "seconds", ours, pandas, at_most=wanted)

    def _day_targets(self) -> Iterator[Target]:
        for case, found in self.days.items():
            what = f"{case}: SQL of a day more / full build"
            yield from ratio(what, "seconds", found.day, found.full, at_most=0.03)
            what = f"{case}: CPU time of a day more / full build"
            yield from ratio(what, "cpu_seconds", found.day, found.full)
            yield Target(f"{case}: rows that the day changes / all rows", found.day_facts.rows)
            yield Target(
                f"{case}: SQL with nothing new / dbt's start-up",
                found.nothing.seconds / found.start_up.median("command_seconds"),
                at_most=1,
            )
            what = f"{LATE_CUSTOMERS:,} late rows / of all rows of their customers"
            yield from ratio(
                f"{case}: SQL of {what}", "seconds", found.late, found.entities, at_most=1
            )

    def _growth_targets(self) -> Iterator[Target]:
        cases = sorted(self.growth, key=lambda case: case.events)
        for case in cases:
            one = self.growth[case]
            yield Target(
                f"{short(case.events)}: peak memory without imports / DuckDB's limit",
                (one.peak_bytes - one.runs[0].import_bytes) / bytes_of(self.memory_limit),
                at_most=1,
            )
        for few, many in pairwise(cases):
            sizes = [case.events * log(case.events) for case in (few, many)]
            yield Target(
                f"{short(many.events)}: time / time of {short(few.events)}, by n log n",
                self.growth[many].seconds / self.growth[few].seconds / (sizes[1] / sizes[0]),
                at_most=1,
            )

    def tables(self) -> list[ReportTable]:
        """Return the tables of full builds, incremental runs and growth."""
        builds = ("s", "from – to", "s of CPU", "s in memory", "s of dbt", "MB", "runs")
        growth = ("s", "s of CPU", "MB", "MB of imports", "runs")
        days = ("what is new", "share of the rows", "SQL, s", "SQL, s of CPU", "dbt, s")
        alone = [(case, [one]) for case, one in self.growth.items()]
        day_rows = [row for case, found in self.days.items() for row in _day_rows(case, found)]
        return [
            runs_table("Full builds", "events", ("contender", *builds), self.builds.items()),
            ReportTable("What a day costs", ("events", *days), day_rows),
            runs_table("From 1 to 100 million events", "events", growth, alone),
        ]

    def value_lines(self) -> list[str]:
        """Return a sentence about the values of each table that was compared."""
        lines = [f"{case}: {one}" for case, found in self.compared.items() for one in found]
        return lines + [
            f"{case}: a day after, {found.day_facts.wrong_rows:,} rows are not those of a full "
            "build"
            for case, found in self.days.items()
        ]


def _day_rows(case: Case, costs: IncrementalCosts) -> Iterator[tuple[str, ...]]:
    facts = costs.day_facts
    day = f"a day: {facts.events:,} events, of {facts.customers:.1%} of the customers"
    for new, share, one in (
        ("everything", "100.0%", costs.full),
        (day, f"{facts.rows:.1%}", costs.day),
        ("nothing", "", costs.nothing),
        ("no model is selected", "", costs.start_up),
        (f"{LATE_CUSTOMERS:,} rows, {LATE_DAYS} days late", "", costs.late),
        ("all rows of their customers", "", costs.entities),
    ):
        numbers = (one.seconds, one.median("cpu_seconds"), one.median("command_seconds"))
        yield (str(case), new, share, *(f"{number:.2f}" for number in numbers))
