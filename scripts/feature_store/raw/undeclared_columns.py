"""Columns that are in a file and not in the YAML: loaded where they can be, and reported.

They are optional, so their values never make a row malformed. Where a file's values do not fit the
type that the raw table has from other files, the column becomes a varchar.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from feature_store.raw.column_mapping import (
    NAME_TWICE,
    MappedColumn,
    not_loaded,
    shared_conversion,
    type_of,
)
from feature_store.raw.conversions.conversion import VALUE, Conversion, from_type
from feature_store.raw.readers.base import FileColumn, Reader
from feature_store.raw.sources import RawTable
from feature_store.warehouse.sql import count_of, identifier

#: Files that are named in one line.
_LISTED = 3


def fit_columns(
    reader: Reader, columns: list[MappedColumn], existing: dict[str, str]
) -> list[MappedColumn]:
    """Return the columns, those that are not declared with a type that holds the staged values.

    A column of the raw table that has no value yet takes the type of the file; one whose type
    cannot hold the file's values becomes a varchar. The types in ``existing`` are changed in place.
    """
    in_file = {column.staged: column for column in reader.columns}
    fitted = []
    for column in columns:
        if column.is_declared:
            fitted.append(column)
            continue
        found, name = in_file[column.staged], column.name
        kind = _fitting_type(reader, found, column, existing)
        change = column.shared
        if kind != column.kind:
            change = shared_conversion(reader, found, kind)
        if name in existing and kind != existing[name]:
            _change_type(reader, name, existing[name], kind)
            existing[name] = kind
        change = _as_text(VALUE, change) if kind == "VARCHAR" else replace(change, valid=None)
        fitted.append(replace(column, kind=kind, shared=change))
    return fitted


def _fitting_type(
    reader: Reader, found: FileColumn, column: MappedColumn, existing: dict[str, str]
) -> str:
    """Return the type in which a column that is not declared can be loaded."""
    kind, own, valid = column.kind, type_of(found), column.conversion.valid
    if kind != own and column.name in existing and found.kind is not None:
        filled = f"{reader.table.relation} where {identifier(column.name)} is not null"
        kind = kind if _has_rows(reader, filled) else own
    if kind != column.kind or kind == "VARCHAR" or valid is None:
        return kind
    return "VARCHAR" if _has_rows(reader, f"load_staged where not {valid}") else kind


def _has_rows(reader: Reader, rows: str) -> bool:
    return bool(count_of(reader.connection, f"select count(*) from (select 1 from {rows} limit 1)"))


def _change_type(reader: Reader, name: str, before: str, kind: str) -> None:
    """Change the type of a raw table's column: to varchar, or to any type if it has no value."""
    column = identifier(name)
    text = _as_text(column, from_type(column, before, "VARCHAR")).value
    using = text if kind == "VARCHAR" else f"null::{kind}"
    reader.connection.execute(
        f"alter table {reader.table.relation} alter column {column} type {kind} using {using}"
    )


def _as_text(value: str, conversion: Conversion) -> Conversion:
    """Return the conversion to a text that is valid for every value."""
    plain = f"{value}::varchar"
    text = conversion.value
    if conversion.valid is not None:
        text = f"case when {conversion.valid} then {text} else {plain} end"
    return Conversion(text, None, conversion.expects)


@dataclass
class _Column:
    """One column that files have besides the declared ones."""

    what: str
    detail: str
    files: list[str] = field(default_factory=list)


class UndeclaredColumns:
    """The columns that the files of a table have besides the declared ones."""

    def __init__(self, table: RawTable):
        self._table = table
        self._described = {name.lower() for name in table.columns} | table.undeclared
        self._loaded: dict[str, _Column] = {}
        self._left_out: dict[str, _Column] = {}

    def add(self, reader: Reader, columns: list[MappedColumn], existing: Iterable[str]) -> None:
        """Add the undeclared columns of one file."""
        label = reader.file.label
        for column in columns:
            if not column.is_declared and column.name.lower() not in self._described:
                what = "column" if column.name in existing else "new column"
                loaded = self._loaded.setdefault(column.name, _Column(what, ""))
                loaded.detail = column.kind.lower()
                loaded.files.append(label)
        used = {column.staged for column in columns}
        for number, found in enumerate(reader.columns, 1):
            if found.staged in used:
                continue
            reason = not_loaded(reader, found) or NAME_TWICE
            left_out = self._left_out.setdefault(
                found.name or f"number {number}", _Column("column", reason)
            )
            if label not in left_out.files[-1:]:  # The file may have the column twice.
                left_out.files.append(label)

    def notes(self, state: str) -> list[str]:
        """Return the lines for the user: one for the loaded columns, one for the others.

        ``state`` is that of the columns that can be loaded, such as ``loaded, and``.
        """
        notes = []
        if self._loaded:
            advice = f"declare them in {self._table.declared_in}"
            notes.append(f"{_by_files(self._loaded)}: {state} not declared; {advice}")
        if self._left_out:
            notes.append(f"{_by_files(self._left_out)}: not loaded")
        return notes


def _by_files(columns: dict[str, _Column]) -> str:
    """Return columns with their files; those of the same files together."""
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name, column in columns.items():
        group = groups.setdefault((column.what, tuple(column.files)), [])
        group.append(f"{name} ({column.detail})")
    texts = []
    for (what, files), names in groups.items():
        listed = ", ".join(files[:_LISTED])
        if len(files) > _LISTED:
            listed += f" and {len(files) - _LISTED:,} more files"
        texts.append(f"{listed}: {what}{'s' if len(names) > 1 else ''} {', '.join(names)}")
    return "; ".join(texts)
