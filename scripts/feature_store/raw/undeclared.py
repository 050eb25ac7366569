"""Columns that are in a file and not in the YAML: loaded where they can be, and reported.

Nothing of them is required, so their values never make a row malformed. Where a file's values do
not fit the type that the raw table has from other files, the column becomes a text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import duckdb

from feature_store.raw import plan
from feature_store.raw.declarations import RawTable
from feature_store.raw.plan import Target
from feature_store.raw.reader import Reader
from feature_store.raw.sql import count_of, identifier
from feature_store.raw.values import Conversion, from_text, from_type

_SHOWN = 3


def as_text(value: str, conversion: Conversion) -> Conversion:
    """Return the conversion to a text that always works."""
    plain = f"{value}::varchar"
    text = conversion.value
    if conversion.valid is not None:
        text = f"case when {conversion.valid} then {text} else {plain} end"
    return Conversion(text, None, conversion.expects)


def fit_columns(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    reader: Reader,
    targets: list[Target],
    existing: dict[str, str],
) -> list[Target]:
    """Give the columns that are not declared types that hold the staged values.

    A column of the raw table that has no value yet takes the type of the file, one whose type
    cannot hold the file's values becomes a varchar.

    Args:
        connection: the warehouse, with the file staged.
        table: the raw table.
        reader: the file's reader.
        targets: all columns.
        existing: the raw table's columns with their types; types are changed in place.

    Returns:
        the columns, with conversions that are always valid where they are not declared.
    """
    columns = {column.staged: column for column in reader.columns}
    raw = identifier(table.schema, table.identifier)
    fitted = []
    for target in targets:
        if target.is_declared:
            fitted.append(target)
            continue
        column, kind = columns[target.staged], target.kind
        name, own = identifier(target.name), plan.type_of(column)
        if target.name in existing and kind != own and column.kind is not None:
            has_values = (
                f"select count(*) from (select 1 from {raw} where {name} is not null limit 1)"
            )
            if not count_of(connection, has_values):
                kind = own
        change = target.conversion if kind == target.kind else None
        if change is not None and change.valid is not None and kind != "VARCHAR":
            bad = (
                f"select count(*) from (select 1 from load_staged where not {change.valid} limit 1)"
            )
            if count_of(connection, bad):
                kind, change = "VARCHAR", None
        if change is None:
            change = (
                from_text(target.staged, kind, empty_is_null=reader.empty_is_null)
                if column.kind is None
                else from_type(target.staged, column.kind, kind)
            )
        if target.name in existing and kind != existing[target.name]:
            old = as_text(name, from_type(name, existing[target.name], "VARCHAR"))
            using = old.value if kind == "VARCHAR" else f"null::{kind}"
            connection.execute(f"alter table {raw} alter column {name} type {kind} using {using}")
            existing[target.name] = kind
        change = (
            as_text(target.staged, change) if kind == "VARCHAR" else replace(change, valid=None)
        )
        fitted.append(replace(target, kind=kind, conversion=change))
    return fitted


@dataclass
class _Column:
    """One column that files have besides the declared ones."""

    what: str
    kind: str
    files: list[str] = field(default_factory=list)


class Drift:
    """What the files of a table have besides the declared columns.

    Args:
        table: the raw table.
    """

    def __init__(self, table: RawTable):
        self._table = table
        self._described = {name.lower() for name in table.columns} | table.undeclared
        self._loaded: dict[str, _Column] = {}
        self._left_out: dict[str, _Column] = {}

    def add(
        self,
        reader: Reader,
        targets: list[Target],
        declared: dict[str, str],
        existing: Iterable[str],
    ) -> None:
        """Take note of one file.

        Args:
            reader: the file's reader.
            targets: the columns that are loaded.
            declared: the declared columns.
            existing: the columns that the raw table has without this file.
        """
        for target in targets:
            if not target.is_declared and target.name.lower() not in self._described:
                what = "column" if target.name in existing else "new column"
                column = self._loaded.setdefault(target.name, _Column(what, ""))
                column.kind = target.kind.lower()
                column.files.append(reader.file.label)
        taken = {target.staged for target in targets}
        for number, found in enumerate(reader.columns, 1):
            if found.staged not in taken:
                reason = plan.not_loaded(reader, declared, found) or "its name is there twice"
                column = self._left_out.setdefault(
                    found.name or f"number {number}", _Column("column", reason)
                )
                if reader.file.label not in column.files[-1:]:  # its name is there twice
                    column.files.append(reader.file.label)

    def notes(self, what: str) -> list[str]:
        """Return the lines for a person: one of the loaded columns, one of the others.

        Args:
            what: what is said of the columns that can be loaded, for instance ``loaded, and``.
        """
        notes = []
        if self._loaded:
            advice = f"declare them in {self._table.declared_in}"
            notes.append(f"{_by_files(self._loaded)}: {what} not declared; {advice}")
        if self._left_out:
            notes.append(f"{_by_files(self._left_out)}: not loaded")
        return notes


def _by_files(columns: dict[str, _Column]) -> str:
    """Return columns with their files; those of the same files together."""
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name, column in columns.items():
        shown = f"{name} ({column.kind})"
        groups.setdefault((column.what, tuple(column.files)), []).append(shown)
    texts = []
    for (what, files), names in groups.items():
        shown = ", ".join(files[:_SHOWN])
        if len(files) > _SHOWN:
            shown += f" and {len(files) - _SHOWN:,} more files"
        texts.append(f"{shown}: {what}{'s' if len(names) > 1 else ''} {', '.join(names)}")
    return "; ".join(texts)
