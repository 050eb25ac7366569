"""The report of the benchmark of joins: its targets, tables and sentences about values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.contenders import Measured, find
from harness.report import Outcome, ReportTable, Target, ratio, runs_table
from joins.cases import FEAST, OURS, Case
from joins.compare_rows import Comparison

FASTER_THAN_FEAST = 3.0
OF_MEMORY = 0.5


@dataclass
class JoinsOutcome(Outcome):
    """The results of the benchmark, by case."""

    runs: dict[Case, list[Measured]] = field(default_factory=dict)
    compared: dict[Case, Comparison] = field(default_factory=dict)
    special_labels: dict[Case, dict[str, int]] = field(default_factory=dict)

    note = (
        "Seconds and megabytes (10⁶ bytes) are medians. “50k × 10M, 28d” is 50,000 labels joined "
        "with 10 million feature rows that may be 28 days old."
    )

    @property
    def same(self) -> bool:
        """Whether both contenders returned the same rows, this project in the spine's order."""
        return all(
            found.only_ours == found.only_theirs == 0 and found.ours_in_order
            for found in self.compared.values()
        )

    def measured(self) -> Iterator[Measured]:
        """Return the runs of all contenders."""
        for found in self.runs.values():
            yield from found

    def targets(self) -> Iterator[Target]:
        """Return the ratios, those against Feast first."""
        for case, measured in self.runs.items():
            ours, feast = find(measured, OURS), find(measured, FEAST)
            # With a maximum age Feast has far less to do: these ratios are shown without a bound.
            faster, memory = (None, None) if case.max_age_days else (FASTER_THAN_FEAST, OF_MEMORY)
            yield from ratio(f"{case}: time of Feast / ours", "seconds", feast, ours, faster)
            what = f"{case}: peak memory of ours / Feast"
            yield from ratio(what, "peak_bytes", ours, feast, at_most=memory)
        yield from self._growth()

    def _growth(self) -> Iterator[Target]:
        """Return how the time grows with the feature rows, for the same labels."""
        by_labels: dict[tuple[int, int | None], list[Case]] = {}
        for case in sorted(self.runs, key=lambda case: case.feature_rows):
            by_labels.setdefault((case.labels, case.max_age_days), []).append(case)
        for few, *more in by_labels.values():
            for many in more:
                yield from ratio(
                    f"{many}: time of ours / time of {few}",
                    "seconds",
                    find(self.runs[many], OURS),
                    find(self.runs[few], OURS),
                    at_most=many.feature_rows / few.feature_rows,
                )

    def tables(self) -> list[ReportTable]:
        """Return the table of all runs."""
        columns = ("contender", "s", "from – to", "MB", "MB of imports", "runs")
        return [runs_table("Joins", "labels × rows", columns, self.runs.items())]

    def value_lines(self) -> list[str]:
        """Return a sentence about the values of each case that both contenders ran."""
        lines = []
        for case, found in self.compared.items():
            special = ", ".join(f"{n:,} {kind}" for kind, n in self.special_labels[case].items())
            order = "" if found.theirs_in_order else "; Feast's rows are not in the spine's order"
            ours = "" if found.ours_in_order else "; OURS ARE NOT EITHER"
            lines.append(
                f"{case}: {found.ours:,} rows here, {found.theirs:,} of Feast; "
                f"{found.only_ours:,} only here, {found.only_theirs:,} only there{order}{ours}. "
                f"Of the labels, {special}."
            )
            lines += [f"  {example}" for example in found.examples]
        return lines
