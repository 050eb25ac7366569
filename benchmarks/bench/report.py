"""Parts of a report: targets, tables for the terminal and for a page, the machine."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from bench.measure import CORES

#: Everything after this line of a page is written by the benchmark, all before it by hand.
MARK = "<!-- Below: written by the benchmark (make bench). -->"
TARGET_HEADS = ("target", "wanted", "found", "met")


@dataclass(frozen=True)
class Target:
    """One number that a benchmark shows, most of them ratios.

    Attributes:
        what: the number.
        found: what was measured.
        at_least: what it must be, if anything.
        at_most: the same from above.
    """

    what: str
    found: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def wanted(self) -> str:
        """What it must be, for a person."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return f"≤ {self.at_most:g}" if self.at_most is not None else ""

    @property
    def met(self) -> bool | None:
        """Whether it is; None where nothing is asked for."""
        if self.at_least is not None:
            return self.found >= self.at_least
        return self.found <= self.at_most if self.at_most is not None else None


def target_rows(targets: Iterable[Target]) -> Iterator[tuple[str, ...]]:
    """Return the rows of the table of targets."""
    for target in targets:
        met = {True: "yes", False: "no", None: ""}[target.met]
        yield target.what, target.wanted, f"{target.found:,.2f}", met


def short(rows: int) -> str:
    """Return a number of rows as ``50k`` or ``10M``."""
    return f"{rows / 1e6:g}M" if rows >= 1_000_000 else f"{rows / 1e3:g}k"


def terminal_table(heads: Sequence[str], rows: Iterable[tuple[str, ...]]) -> Table:
    """Return a table for the terminal."""
    table = Table(*heads)
    for row in rows:
        table.add_row(*row)
    return table


def markdown_table(heads: Sequence[str], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return the lines of a table in Markdown."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


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


def version_list(versions: Mapping[str, Mapping[str, str]]) -> str:
    """Return what the contenders ran on: versions of packages by contender."""
    return "; ".join(
        f"{name}: " + ", ".join(f"{part} {number}" for part, number in parts.items())
        for name, parts in versions.items()
    )


def write_below_mark(path: Path, lines: Iterable[str]) -> None:
    """Write lines below the mark of a page; what is above it stays.

    Args:
        path: the Markdown file; it has the mark on a line of its own.
        lines: what was measured.
    """
    by_hand = path.read_text(encoding="utf-8").partition(MARK)[0]
    path.write_text(by_hand + "\n".join([MARK, "", *lines]) + "\n", encoding="utf-8")
