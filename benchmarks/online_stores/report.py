"""The tables of what the benchmark found, for the terminal and for a page of docs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

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
from online_stores.outcome import Outcome
from online_stores.plot import plot

_Rows = Iterator[tuple[str, ...]]
_WRITE_HEADS = ("rows", "contender", "rows/s", "from – to", "bytes an entity", "MB", "runs")
_DELTA_HEADS = ("rows", "all, s", "1 %, s", "nothing, s", "runs")
_READ_HEADS = ("entities", "contender", "p50, ms", "p99, ms", "runs")


def _write_rows(outcome: Outcome) -> _Rows:
    for case, measured in [*outcome.writes.items(), *outcome.peaks.items()]:
        for one in measured:
            speeds = one.speeds
            yield (
                str(case),
                one.contender,
                f"{one.speed:,.0f}",
                f"{speeds[0]:,.0f} – {speeds[-1]:,.0f}",
                f"{one.entity_bytes:.0f}" if one.entity_bytes else "",
                f"{one.peak_bytes / 1e6:,.0f}" if one.peak_bytes else "",
                str(len(one.runs)),
            )


def _delta_rows(outcome: Outcome) -> _Rows:
    for delta in outcome.deltas:
        times = (delta.full, delta.changes, delta.nothing)
        yield (str(delta), *(f"{median(one):.2f}" for one in times), str(len(delta.full)))


def _read_rows(outcome: Outcome) -> _Rows:
    for one in outcome.latencies:
        yield (
            f"{one.entities:,}",
            one.contender,
            f"{one.p50 * 1e3:.2f}",
            f"{one.p99 * 1e3:.2f}",
            str(one.runs),
        )


def _parts(outcome: Outcome) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Return title, heads and rows of every table that has rows."""
    parts = [
        ("Full loads", _WRITE_HEADS, [*_write_rows(outcome)]),
        ("Exports of what changed", _DELTA_HEADS, [*_delta_rows(outcome)]),
        ("Reads of eleven features", _READ_HEADS, [*_read_rows(outcome)]),
        ("Targets", TARGET_HEADS, [*target_rows(outcome.targets())]),
    ]
    return [part for part in parts if part[2]]


def tables(outcome: Outcome, *, targets: bool) -> list[Table]:
    """Return the tables for the terminal, with that of the targets or without."""
    made = []
    for title, heads, rows in _parts(outcome):
        if heads is TARGET_HEADS and not targets:
            continue
        table = terminal_table(heads, rows)
        table.title, table.title_justify = title, "left"
        made.append(table)
    return made


def versions(outcome: Outcome) -> dict[str, dict[str, str]]:
    """Return what each contender ran on."""
    return {
        one.contender: one.runs[0].versions
        for measured in outcome.writes.values()
        for one in measured
        if one.runs[0].versions
    }


def write_page(path: Path, outcome: Outcome) -> None:
    """Write what was measured below the mark of a page, and its plot beside it.

    Args:
        path: the Markdown file; it has the mark on a line of its own.
        outcome: what was found.
    """
    picture = path.with_suffix(".svg")
    picture.write_text(plot(outcome), encoding="utf-8")
    lines = [
        f"{machine()}. {outcome.server} on loopback TCP. {version_list(versions(outcome))}. "
        "Speeds, bytes and milliseconds are medians. MB (10⁶ bytes) is the most memory that the "
        "writing process held (VmHWM).",
        "",
        f"![Rows a second, bytes an entity and milliseconds of a read]({picture.name})",
    ]
    for title, heads, rows in _parts(outcome):
        lines += ["", f"## {title}", "", *markdown_table(heads, rows)]
    lines += ["", "## Values", ""]
    lines += [f"- {one}" for one in outcome.answers]
    write_below_mark(path, lines)
