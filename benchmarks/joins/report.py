"""What the benchmark found: targets, a table for the terminal, a page for docs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from bench.report import (
    TARGET_HEADS,
    Target,
    machine,
    markdown_table,
    target_rows,
    terminal_table,
    version_list,
    write_below_mark,
)
from joins.runs import Case, Measured
from joins.values import Comparison, SpineFacts

OURS = "this project"
FEAST = "Feast"

FASTER = 3.0
MEMORY = 0.5


@dataclass
class Outcome:
    """Everything found, by case."""

    measured: dict[Case, list[Measured]] = field(default_factory=dict)
    compared: dict[Case, Comparison] = field(default_factory=dict)
    spines: dict[Case, SpineFacts] = field(default_factory=dict)

    def of(self, case: Case, contender: str) -> Measured | None:
        """Return what one contender measured in a case, if it ran."""
        return next((m for m in self.measured[case] if m.contender == contender), None)

    def targets(self) -> list[Target]:
        """Return the ratios, those against Feast first."""
        return [*self._against_feast(), *self._growth()]

    def _against_feast(self) -> Iterator[Target]:
        for case in self.measured:
            ours, feast = self.of(case, OURS), self.of(case, FEAST)
            if ours is None or feast is None:
                continue
            # With a limit of age Feast has far less to do; shown, but not what was asked for.
            asked = case.max_age_days is None
            yield Target(
                f"{case}: time of Feast / ours",
                feast.seconds / ours.seconds,
                at_least=FASTER if asked else None,
            )
            yield Target(
                f"{case}: peak memory of ours / Feast",
                ours.peak_bytes / feast.peak_bytes,
                at_most=MEMORY if asked else None,
            )

    def _growth(self) -> Iterator[Target]:
        by_spine: dict[tuple[int, int | None], list[Case]] = {}
        for case in sorted(self.measured, key=lambda case: case.feature_rows):
            by_spine.setdefault((case.spine_rows, case.max_age_days), []).append(case)
        for few, *more in by_spine.values():
            for many in more:
                of_few, of_many = self.of(few, OURS), self.of(many, OURS)
                if of_few and of_many:
                    yield Target(
                        f"{many}: time of ours / time of {few}",
                        of_many.seconds / of_few.seconds,
                        at_most=many.feature_rows / few.feature_rows,
                    )

    @property
    def good(self) -> bool:
        """Whether every target is met, every value is the same, and our rows are in order."""
        same = all(
            found.only_ours == found.only_theirs == 0 and found.ours_in_order
            for found in self.compared.values()
        )
        return same and all(target.met is not False for target in self.targets())


_RUN_HEADS = ("labels × rows", "contender", "s", "from – to", "MB", "MB of imports", "runs")


def _run_rows(outcome: Outcome) -> Iterator[tuple[str, ...]]:
    for case, measured in outcome.measured.items():
        for one in measured:
            times = sorted(run.seconds for run in one.runs)
            yield (
                str(case),
                one.contender,
                f"{one.seconds:.2f}",
                f"{times[0]:.2f} – {times[-1]:.2f}",
                f"{one.peak_bytes / 1e6:,.0f}",
                f"{max(run.import_bytes for run in one.runs) / 1e6:,.0f}",
                str(len(one.runs)),
            )


def tables(outcome: Outcome) -> list[Table]:
    """Return the tables for the terminal."""
    made = [terminal_table(_RUN_HEADS, _run_rows(outcome))]
    if outcome.targets():
        made.append(terminal_table(TARGET_HEADS, target_rows(outcome.targets())))
    return made


def compared_lines(outcome: Outcome) -> list[str]:
    """Return a sentence about the values of each case that two contenders ran."""
    lines = []
    for case, found in outcome.compared.items():
        facts = outcome.spines[case]
        order = "" if found.theirs_in_order else "; Feast's rows are not in the spine's order"
        ours = "" if found.ours_in_order else "; OURS ARE NOT EITHER"
        lines.append(
            f"{case}: {found.ours:,} rows here, {found.theirs:,} of Feast; "
            f"{found.only_ours:,} only here, {found.only_theirs:,} only there{order}{ours}. "
            f"Of the labels, {facts.repeated:,} stand twice, {facts.without_key:,} have no key, "
            f"{facts.unknown:,} are of unknown customers, {facts.early:,} are before the "
            f"customer's first feature row, {facts.ties:,} are at the very time of one."
        )
        lines += [f"  {example}" for example in found.examples]
    return lines


def write_page(path: Path, outcome: Outcome) -> None:
    """Write what was measured below the mark of a page; what is above it stays.

    Args:
        path: the Markdown file; it has the mark on a line of its own.
        outcome: what was found.
    """
    versions = {
        one.contender: one.runs[0].versions
        for measured in outcome.measured.values()
        for one in measured
    }
    lines = [
        f"{machine()}; {version_list(versions)}. Seconds and megabytes "
        "(10⁶ bytes) are medians. “50k × 10M, 28d” is 50,000 labels joined with 10 million feature "
        "rows that may be 28 days old.",
        "",
        *markdown_table(_RUN_HEADS, _run_rows(outcome)),
        "",
        *markdown_table(TARGET_HEADS, target_rows(outcome.targets())),
        "",
        "Values, every row compared in every column:",
        "",
        *(f"- {line}" for line in compared_lines(outcome)),
    ]
    write_below_mark(path, lines)
