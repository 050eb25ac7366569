"""Prints an explanation."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.text import Text

from feature_store.display import counted, minute, print_columns, shown
from feature_store.explain.contributions import LINEAGE
from feature_store.explain.explanation import Contribution, Explanation
from feature_store.explain.view_rows import Row
from feature_store.raw.internal_names import INTERNAL_COLUMNS

File = tuple[Any, Any]


def show(console: Console, found: Explanation, meaning: str = "") -> None:
    """Print an explanation, and below it those of the features that it is derived from.

    ``meaning`` says what its time is, where nobody gave it.
    """
    who = " ".join(f"{key} {value}" for key, value in found.entity.items())
    time = f"{minute(found.at)} UTC" + (f", {meaning}" if meaning else "")
    console.print(Text.assemble((found.reference, "bold"), f" of {who} at {time}"))
    _show(console, found, None)


def _show(console: Console, found: Explanation, whole: Explanation | None) -> None:
    """Print an explanation; of a part, only the facts that differ from those of the whole."""
    known = dict(_facts(whole)) if whole else {}
    for name, text in _facts(found):
        if known.get(name) != text:
            console.print(f"  {name:12}  {text}", markup=False)
    for note in found.notes:
        if not whole or note not in whole.notes:
            console.print(Text.assemble("  ", ("note", "yellow"), f"          {note}"))
    for rows in found.contributions:
        _show_rows(console, rows)
    for part in found.parts:
        console.print(Text.assemble("\n", (part.reference, "bold"), ", which it is made from"))
        _show(console, part, found)


def _facts(found: Explanation) -> Iterator[tuple[str, str]]:
    """Yield name and text of each line."""
    has_row = found.feature_time is not None
    yield "value", shown(found.value) if has_row else "no row"
    if found.is_confirmed is not None:
        verdict = "the same" if found.is_confirmed else "NOT THE SAME"
        made_from = "its parts" if found.parts else "the rows below alone"
        if found.kind == "derived" and not found.parts:
            made_from = "the expression"
        yield "recomputed", f"{shown(found.recomputed)} from {made_from}: {verdict}"
    if found.served:
        until = minute(found.served.served_to) or "now"
        since = minute(found.served.served_from)
        yield "served", f"{shown(found.served.value)}, from {since} until {until}"
    yield "description", " ".join(found.description.split())
    if found.definition:
        yield "definition", " ".join(found.definition.split())
    if found.window and has_row:
        end = f"event time < {minute(found.window_end)}"
        start = f"{minute(found.window_start)} <= " if found.window_start else ""
        yield "window", f"{found.window}: {start}{end}"
    if has_row:
        yield "feature time", minute(found.feature_time)
        yield "known at", minute(found.known_at)
    model = found.model
    yield "model", f"{model.unique_id}, definition {model.definition_hash}"
    yield "declared in", f"{model.yaml_path}, {model.sql_path}"


def _show_rows(console: Console, rows: Contribution) -> None:
    files: dict[File, int] = {}
    console.print(f"\n{counted(rows.row_count, 'row')} of {rows.relation}")
    _table(console, rows.rows, list(LINEAGE), files)
    if rows.row_count > len(rows.rows):
        console.print(f"  … and {rows.row_count - len(rows.rows):,} more (--limit)")
    for table, raw in rows.raw_rows.items():
        console.print(f"\nas received, in {table}", markup=False)
        _table(console, raw, list(LINEAGE.values()), files)
    for (file, batch), number in files.items():
        console.print(f"  file {number}: {file}, batch {batch}", markup=False)


def _table(console: Console, rows: list[Row], lineage: list[str], files: dict[File, int]) -> None:
    """Print rows; a number stands for their file and batch, which are long."""
    if not rows:
        return
    file_name, batch_name, row_name = lineage
    has_lineage = all(name in rows[0] for name in lineage)
    hidden = {*lineage, *INTERNAL_COLUMNS} if has_lineage else set()
    names = [name for name in rows[0] if name not in hidden]
    right = [name for name in names if isinstance(rows[0][name], (int, float, Decimal))]
    texts = []
    for row in rows:
        cells = [shown(row[name]) for name in names]
        if has_lineage:
            key = (row[file_name], row[batch_name])
            cells.append("" if None in key else str(files.setdefault(key, len(files) + 1)))
            cells.append("" if row[row_name] is None else str(row[row_name]))
        texts.append(cells)
    places = ["file", "row"] if has_lineage else []
    print_columns(console, [*names, *places], texts, right=[*right, *places], keep=places)
