"""What the benchmark found: tables for the terminal, a page for docs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.table import Table

from bench.report import (
    TARGET_HEADS,
    machine,
    markdown_table,
    target_rows,
    terminal_table,
    version_list,
    write_below_mark,
)
from feature_builds.days import LATE_CUSTOMERS, LATE_DAYS
from feature_builds.outcome import Outcome
from feature_builds.runs import Measured

_BUILD_HEADS = (
    "events",
    "contender",
    "s",
    "from – to",
    "s of CPU",
    "s in memory",
    "s of dbt",
    "MB",
    "runs",
)
_DAY_HEADS = ("events", "what is new", "share of the rows", "SQL, s", "SQL, s of CPU", "dbt, s")
_GROWTH_HEADS = ("events", "s", "s of CPU", "MB", "MB of imports", "runs")


def _seconds(found: float | None) -> str:
    return "" if found is None else f"{found:.2f}"


def _build_row(case: object, one: Measured) -> tuple[str, ...]:
    times = sorted(run.seconds for run in one.runs)
    return (
        str(case),
        one.contender,
        f"{one.seconds:.2f}",
        f"{times[0]:.2f} – {times[-1]:.2f}",
        f"{one.cpu_seconds:.2f}",
        _seconds(one.memory_seconds),
        _seconds(one.command_seconds),
        f"{one.peak_bytes / 1e6:,.0f}",
        str(len(one.runs)),
    )


def _build_rows(outcome: Outcome) -> Iterator[tuple[str, ...]]:
    for case, measured in outcome.builds.items():
        for one in measured:
            yield _build_row(case, one)


def _day_rows(outcome: Outcome) -> Iterator[tuple[str, ...]]:
    for case, found in outcome.days.items():
        day = (
            f"a day: {found.new_events:,} events, of {found.changed_customers:.1%} of the customers"
        )
        for name, share, cost in (
            ("everything", 1.0, found.full),
            (day, found.new_rows, found.day),
            ("nothing", None, found.nothing),
            ("no model is selected", None, found.start_up),
            (f"{LATE_CUSTOMERS:,} rows, {LATE_DAYS} days late", None, found.late),
            ("all rows of their customers", None, found.entities),
        ):
            yield (
                str(case),
                name,
                "" if share is None else f"{share:.1%}",
                f"{cost.sql:.2f}",
                f"{cost.cpu:.2f}",
                f"{cost.command:.2f}",
            )


def _growth_rows(outcome: Outcome) -> Iterator[tuple[str, ...]]:
    for case, one in outcome.growth.items():
        yield (
            str(case),
            f"{one.seconds:.2f}",
            f"{one.cpu_seconds:.2f}",
            f"{one.peak_bytes / 1e6:,.0f}",
            f"{max(run.import_bytes for run in one.runs) / 1e6:,.0f}",
            str(len(one.runs)),
        )


def _parts(outcome: Outcome) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    parts = [
        ("Full builds", _BUILD_HEADS, [*_build_rows(outcome)]),
        ("What a day costs", _DAY_HEADS, [*_day_rows(outcome)]),
        ("From 1 to 100 million events", _GROWTH_HEADS, [*_growth_rows(outcome)]),
    ]
    return [part for part in parts if part[2]]


def tables(outcome: Outcome, *, targets: bool) -> list[Table]:
    """Return the tables for the terminal.

    Args:
        outcome: what was found.
        targets: whether the ratios are among them.
    """
    made = []
    for title, heads, rows in _parts(outcome):
        made.append(terminal_table(heads, rows))
        made[-1].title = title
    if targets:
        made.append(terminal_table(TARGET_HEADS, target_rows(outcome.targets())))
    return made


def value_lines(outcome: Outcome) -> list[str]:
    """Return a sentence about the values of each table that was compared."""
    lines = [f"{case}: {one}" for case, found in outcome.compared.items() for one in found]
    return lines + [
        f"{case}: a day after, {found.wrong_rows:,} rows are not those of a full build"
        for case, found in outcome.days.items()
    ]


def write_page(path: Path, outcome: Outcome) -> None:
    """Write what was measured below the mark of a page; what is above it stays.

    Args:
        path: the Markdown file; it has the mark on a line of its own.
        outcome: what was found.
    """
    measured = [one for found in outcome.builds.values() for one in found]
    measured += outcome.growth.values()
    versions = {one.contender: one.runs[0].versions for one in measured}
    lines = [
        f"{machine()}; {version_list(versions)}. DuckDB may take {outcome.memory_limit}. Seconds "
        "and megabytes (10⁶ bytes, VmHWM) are medians.",
    ]
    for title, heads, rows in _parts(outcome):
        lines += ["", f"## {title}", "", *markdown_table(heads, rows)]
    lines += ["", "## Targets", "", *markdown_table(TARGET_HEADS, target_rows(outcome.targets()))]
    if value_lines(outcome):
        lines += ["", "## Values", "", *(f"- {line}" for line in value_lines(outcome))]
    write_below_mark(path, lines)
