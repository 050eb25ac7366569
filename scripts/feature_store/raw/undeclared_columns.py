"""Columns that are in a file and not in the YAML: loaded where they can be, and reported.

Nothing of them is required, so their values never make a row malformed. Where a file's values do
not fit the type that the raw table has from other files, the column becomes a varchar.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import duckdb

from feature_store.raw import column_mapping as plan
from feature_store.raw.column_mapping import MappedColumn
from feature_store.raw.conversions.conversion import VALUE, Conversion, from_type
from feature_store.raw.readers.base import FileColumn, Reader
from feature_store.raw.sources import RawTable
from feature_store.warehouse.sql import count_of, identifier

_SHOWN = 3


def fit_columns(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    reader: Reader,
    targets: list[MappedColumn],
    existing: dict[str, str],
) -> list[MappedColumn]:
    """Give each column that is not declared a type that holds the staged values.

    A column of the raw table that has no value yet takes the type of the file; one whose type
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
        column, name = columns[target.staged], target.name
        kind = _fitting_type(connection, raw, column, target, existing)
        change = target.shared
        if kind != target.kind:
            change = plan.shared_conversion(reader, column, kind)
        if name in existing and kind != existing[name]:
            _change_type(connection, raw, name, existing[name], kind)
            existing[name] = kind
        change = _as_text(VALUE, change) if kind == "VARCHAR" else replace(change, valid=None)
        fitted.append(replace(target, kind=kind, shared=change))
    return fitted


def _fitting_type(
    connection: duckdb.DuckDBPyConnection,
    raw: str,
    column: FileColumn,
    target: MappedColumn,
    existing: dict[str, str],
) -> str:
    """Return the type in which a column that is not declared can be loaded."""
    kind, own, valid = target.kind, plan.type_of(column), target.conversion.valid
    if kind != own and target.name in existing and column.kind is not None:
        filled = f"{raw} where {identifier(target.name)} is not null"
        kind = kind if _has_rows(connection, filled) else own
    if kind != target.kind or kind == "VARCHAR" or valid is None:
        return kind
    return "VARCHAR" if _has_rows(connection, f"load_staged where not {valid}") else kind


def _has_rows(connection: duckdb.DuckDBPyConnection, rows: str) -> bool:
    return bool(count_of(connection, f"select count(*) from (select 1 from {rows} limit 1)"))


def _change_type(
    connection: duckdb.DuckDBPyConnection, raw: str, name: str, before: str, kind: str
) -> None:
    """Give a column of the raw table another type: a varchar, or any where it has no value."""
    column = identifier(name)
    text = _as_text(column, from_type(column, before, "VARCHAR")).value
    using = text if kind == "VARCHAR" else f"null::{kind}"
    connection.execute(f"alter table {raw} alter column {column} type {kind} using {using}")


def _as_text(value: str, conversion: Conversion) -> Conversion:
    """Return the conversion to a text that always works."""
    plain = f"{value}::varchar"
    text = conversion.value
    if conversion.valid is not None:
        text = f"case when {conversion.valid} then {text} else {plain} end"
    return Conversion(text, None, conversion.expects)


@dataclass
class _Column:
    """One column that files have besides the declared ones."""

    what: str
    kind: str
    files: list[str] = field(default_factory=list)


class UndeclaredColumns:
    """The columns that the files of a table have besides the declared ones.

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
        targets: list[MappedColumn],
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
