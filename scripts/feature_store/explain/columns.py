"""Rows in columns as wide as their values: nothing is cut, and a pipe gets one line a row."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape


def print_columns(
    console: Console,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    styles: Sequence[str | None] = (),
) -> None:
    """Print a table without lines.

    Args:
        console: where to.
        header: the columns' names.
        rows: their texts.
        right: names of columns that are flush right.
        styles: a style of rich for each row, or None.
    """
    widths = [max(len(cells[i]) for cells in [header, *rows]) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        parts = [
            cell.rjust(width) if name in right else cell.ljust(width)
            for name, cell, width in zip(header, cells, widths, strict=True)
        ]
        return escape("  " + "  ".join(parts).rstrip())

    console.print(f"[bold]{line(header)}[/]")
    for i, cells in enumerate(rows):
        style = styles[i] if styles else None
        console.print(line(cells), style=style)
