"""Reports of benchmarks: targets, tables for the terminal, and pages of the documentation."""

from __future__ import annotations

import os
import platform
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from harness.contenders import Measured
from harness.measurements import CORES

#: Everything after this line of a page is written by the benchmark, all before it by hand.
MARK = "<!-- Below: written by the benchmark (make bench). -->"


@dataclass(frozen=True)
class Target:
    """One number of a benchmark, most of them ratios, with the bound that it is to keep.

    Attributes:
        name: the name of the number.
        found: the measured value.
        at_least: the lower bound, if there is one.
        at_most: the upper bound, if there is one.
    """

    name: str
    found: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def wanted(self) -> str:
        """The bound, as text."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return f"≤ {self.at_most:g}" if self.at_most is not None else ""

    @property
    def met(self) -> bool | None:
        """Whether the bound is kept; None without a bound."""
        if self.at_least is not None:
            return self.found >= self.at_least
        return self.found <= self.at_most if self.at_most is not None else None


@dataclass(frozen=True)
class ReportTable:
    """A table of a report: its title, the heads of its columns, and its rows."""

    title: str
    heads: Sequence[str]
    rows: Sequence[tuple[str, ...]]

    def for_terminal(self) -> Table:
        """Return the table for the terminal."""
        table = Table(*self.heads, title=self.title, title_justify="left")
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> list[str]:
        """Return the lines of the table in Markdown, under a heading."""
        lines = ["", f"## {self.title}", ""]
        lines += ["| " + " | ".join(self.heads) + " |", "|" + "---|" * len(self.heads)]
        return lines + ["| " + " | ".join(row) + " |" for row in self.rows]


def ratio(
    name: str,
    measurement: str,
    first: Measured | None,
    second: Measured | None,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Iterator[Target]:
    """Return the ratio of two contenders' medians of a measurement, if both ran."""
    if first and second:
        found = first.median(measurement) / second.median(measurement)
        yield Target(name, found, at_least, at_most)


def number(value: float, decimals: int = 0) -> str:
    """Return a number as text; one that was not measured is empty."""
    return f"{value:,.{decimals}f}" if value else ""


#: Columns of tables of runs, by their heads.
_RUN_COLUMNS: dict[str, Callable[[Measured], str]] = {
    "contender": lambda one: one.contender,
    "s": lambda one: number(one.seconds, 2),
    "s of CPU": lambda one: number(one.median("cpu_seconds"), 2),
    "s in memory": lambda one: number(one.median("memory_seconds"), 2),
    "s of dbt": lambda one: number(one.median("command_seconds"), 2),
    "from – to": lambda one: " – ".join(number(one.values("seconds")[end], 2) for end in (0, -1)),
    "rows/s": lambda one: number(one.median("speed")),
    "rows/s from – to": lambda one: " – ".join(number(one.values("speed")[end]) for end in (0, -1)),
    "bytes an entity": lambda one: number(one.median("entity_bytes")),
    "MB": lambda one: number(one.peak_bytes / 1e6),
    "MB of imports": lambda one: number(one.values("import_bytes")[-1] / 1e6),
    "runs": lambda one: str(len(one.runs)),
}


def runs_table(
    title: str, head: str, columns: Sequence[str], runs: Iterable[tuple[object, Sequence[Measured]]]
) -> ReportTable:
    """Return a table of runs, with one row for each case and contender.

    Args:
        title: the title of the table.
        head: the head of the first column, which has the cases.
        columns: the heads of further columns: keys of :data:`_RUN_COLUMNS`.
        runs: the cases, with the runs of their contenders.
    """
    rows = [
        (str(case), *(_RUN_COLUMNS[column](one) for column in columns))
        for case, measured in runs
        for one in measured
    ]
    return ReportTable(title, (head, *columns), rows)


class Outcome(ABC):
    """The results of a benchmark, and the parts of its report."""

    @property
    @abstractmethod
    def same(self) -> bool:
        """Whether all contenders produced the same values."""

    @property
    @abstractmethod
    def note(self) -> str:
        """Sentences on how to read the tables, for the page."""

    @abstractmethod
    def measured(self) -> Iterable[Measured]:
        """Return the runs of all contenders."""

    @abstractmethod
    def tables(self) -> Iterable[ReportTable]:
        """Return the tables; those without rows are left out of the report."""

    @abstractmethod
    def targets(self) -> Iterable[Target]:
        """Return the targets, and numbers that are shown beside them."""

    @abstractmethod
    def value_lines(self) -> list[str]:
        """Return sentences about the compared values."""

    def write_figure(self, page: Path) -> list[str]:
        """Write a figure beside the page, if there is one; return the lines that show it."""
        return []

    @property
    def good(self) -> bool:
        """Whether the values are the same and every target is met."""
        return self.same and all(target.met is not False for target in self.targets())

    def report_tables(self, *, targets: bool = True) -> list[ReportTable]:
        """Return the tables that have rows, that of the targets last (or without it)."""
        tables = [*self.tables()]
        if targets:
            rows = [
                (
                    target.name,
                    target.wanted,
                    f"{target.found:,.2f}",
                    {True: "yes", False: "no", None: ""}[target.met],
                )
                for target in self.targets()
            ]
            tables.append(ReportTable("Targets", ("target", "wanted", "found", "met"), rows))
        return [table for table in tables if table.rows]


def short(rows: int) -> str:
    """Return a number of rows as ``50k`` or ``10M``."""
    return f"{rows / 1e6:g}M" if rows >= 1_000_000 else f"{rows / 1e3:g}k"


def machine() -> str:
    """Return a description of this machine: cores, processor, memory; and of its Python."""
    model = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text())
        model = f"{found[1].strip()} ({model})" if found else model
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{platform.system()}, {model}, {os.cpu_count()} cores of which {CORES} are used, "
        f"{memory:.0f} GiB of memory. Python {platform.python_version()}"
    )


def write_page(page: Path, outcome: Outcome) -> None:
    """Write a report below the mark of a page; the text above the mark stays.

    Args:
        page: the Markdown file; it has the mark on a line of its own.
        outcome: the results.
    """
    versions = {one.contender: one.runs[0].versions for one in outcome.measured()}
    packages = "; ".join(
        f"{contender}: " + ", ".join(f"{name} {number}" for name, number in found.items())
        for contender, found in versions.items()
        if found
    )
    lines = [MARK, "", f"{machine()}; {packages}. {outcome.note}", *outcome.write_figure(page)]
    for table in outcome.report_tables():
        lines += table.markdown()
    if values := outcome.value_lines():
        lines += ["", "## Values", "", *(f"- {line}" for line in values)]
    by_hand = page.read_text(encoding="utf-8").partition(MARK)[0]
    page.write_text(by_hand + "\n".join(lines) + "\n", encoding="utf-8")
