"""Formats values and prints tables for people; no value is ever cut or broken in two.

A table that is wider than the terminal is printed without its lines, or as one block a row where
it is still too wide. A pipe gets one line a row of any length, unless ``COLUMNS`` sets a width.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

#: Between two columns without lines; between the name and the value in a block.
_GAP = "  "
#: Wider than any table.
_UNLIMITED = 1_000_000


def width_of(console: Console) -> int:
    """Return the greatest width of a line, in cells."""
    if os.environ.get("COLUMNS", "").isdecimal():
        return int(os.environ["COLUMNS"])
    return console.width if console.is_terminal else _UNLIMITED


def print_table(
    console: Console,
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    total: Sequence[str] | None = None,
) -> None:
    """Print a table with lines, or a narrower form of it.

    The columns named by ``right`` are flush right; ``total`` is a last row, set off.
    """
    if title:
        console.print(Text(title, style="italic"))
    every = [*rows, total] if total else rows
    # A cell has a space on both sides and a line behind it.
    if sum(_widths(header, every)) + 3 * len(header) + 1 > width_of(console):
        print_columns(console, header, every, right=right, indent="")
        return
    table = Table()
    for name in header:
        table.add_column(Text(name), no_wrap=True, justify="right" if name in right else "left")
    for row in rows:
        table.add_row(*map(Text, row))
    if total:
        table.add_section()
        table.add_row(*map(Text, total))
    whole = type(console)(file=console.file, width=_UNLIMITED, highlight=False, emoji=False)
    whole.print(table)


def print_columns(
    console: Console,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    styles: Sequence[str | None] = (),
    indent: str = _GAP,
    keep: Sequence[str] | None = None,
) -> None:
    """Print a table without lines; where it is too wide, fewer columns or one block a row.

    The columns named by ``right`` are flush right, and each row may have a style of rich. Where
    ``keep`` is given, the other columns may be left out, the last ones first; a line says how many.
    """
    if keep is not None:
        shown = _fitting(header, _widths(header, rows), keep, width_of(console) - len(indent))
        if len(shown) > len(keep) and len(shown) < len(header):
            rows = [[row[i] for i in shown] for row in rows]
            left_out = [name for i, name in enumerate(header) if i not in shown]
            names = [header[i] for i in shown]
            print_columns(console, names, rows, right=right, styles=styles, indent=indent)
            many = counted(len(left_out), "column")
            note = f"{indent}{many} left out, for a wider terminal: {', '.join(left_out)}"
            console.print(Text(note, style="dim"))
            return
    widths = _widths(header, rows)
    styles = [*styles, *[None] * len(rows)]
    if len(indent) + sum(widths) + len(_GAP) * (len(header) - 1) > width_of(console):
        for row, style in zip(rows, styles, strict=False):
            _print_block(console, header, row, style, indent)
        return

    def line(cells: Sequence[str]) -> str:
        parts = []
        for name, cell, width in zip(header, cells, widths, strict=True):
            space = " " * (width - cell_len(cell))
            parts.append(space + cell if name in right else cell + space)
        return indent + _GAP.join(parts).rstrip()

    console.print(Text(line(header), style="bold"))
    for row, style in zip(rows, styles, strict=False):
        console.print(Text(line(row), style=style or ""))


def _print_block(
    console: Console, header: Sequence[str], row: Sequence[str], style: str | None, indent: str
) -> None:
    """Print the first cell, and below it a line for each other cell that is not empty."""
    console.print(Text(indent, style=style or "").append(row[0], style="bold"))
    width = max((cell_len(name) for name in header[1:]), default=0)
    for name, cell in zip(header[1:], row[1:], strict=True):
        if cell:
            space = " " * (width - cell_len(name))
            text = f"{indent}{_GAP}{name}{space}{_GAP}{cell}"
            console.print(Text(text, style=style or ""))


def _fitting(
    header: Sequence[str], widths: Sequence[int], keep: Sequence[str], width: int
) -> list[int]:
    """Return the indexes of the columns to keep and of the first others that fit beside them."""
    kept = [i for i, name in enumerate(header) if name in keep]
    room = width + len(_GAP) - sum(widths[i] + len(_GAP) for i in kept)
    for i in range(len(header)):
        if i not in kept:
            room -= widths[i] + len(_GAP)
            if room < 0:
                break
            kept.append(i)
    return sorted(kept)


def _widths(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(cell_len(cells[i]) for cells in [header, *rows]) for i in range(len(header))]


def plain(value: Any) -> Any:
    """Return a value that JSON can hold; types that it lacks (decimals, times) become text.

    A dataclass becomes a mapping; a time in UTC ends in Z.
    """
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, dict):
        return {str(key): plain(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(child) for child in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def shown(value: Any) -> str:
    """Return a value in one line for a person: ``null`` for None, times to the second or finer.

    Control characters, line ends among them, stand as their escapes.
    """
    if value is None:
        return "null"
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ")
    text = str(plain(value))
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def shortened(text: str, limit: int = 60) -> str:
    """Return a text, cut after ``limit`` characters with ``…`` behind them if it is longer."""
    return text if len(text) <= limit else text[:limit] + "…"


def counted(number: int, thing: str) -> str:
    """Return a number with the thing that it counts: ``1 row``, ``2,000 rows``."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def minute(time: datetime | None) -> str:
    """Return a time to the minute, or finer where it has seconds; nothing for None."""
    if time is None:
        return ""
    if time.second or time.microsecond:
        return shown(time)
    return f"{time:%Y-%m-%d %H:%M}"
