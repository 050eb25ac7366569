"""The mapping from the columns of a file to the columns of the raw table."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from feature_store.errors import FeatureStoreError, declaration_error, near_names
from feature_store.raw.conversions.conversion import (
    EVENT_TIME_TYPES,
    NO_TYPES,
    VALUE,
    Conversion,
    from_text,
    from_type,
)
from feature_store.raw.conversions.text_values import FLOATS, INTEGERS
from feature_store.raw.conversions.time_formats import (
    check_columns,
    checked_text,
    event_time_of,
    format_of,
    from_format,
)
from feature_store.raw.internal_names import INTERNAL_COLUMNS
from feature_store.raw.readers.base import FileColumn, Reader
from feature_store.raw.readers.csv_delimiters import check_delimiter
from feature_store.raw.sources import RawTable
from feature_store.warehouse.errors import first_line
from feature_store.warehouse.sql import rows_of

#: Why a column is left out.
NAME_TWICE = "occurs twice"


@dataclass(frozen=True)
class MappedColumn:
    """A column of the raw table that the file fills.

    Attributes:
        staged: its name in ``load_staged``.
        source: its type there, as the reader gives it; None for text.
        shared: the conversion from the file's value, ``VALUE``, to the raw table's.
        is_declared: whether the YAML gives it a type. Other columns never make a row malformed.
    """

    name: str
    kind: str
    staged: str
    source: str | None
    shared: Conversion
    is_declared: bool = True

    @property
    def conversion(self) -> Conversion:
        """The conversion of the staged column."""
        return self.shared.of(self.staged)


def canonical_types(connection: duckdb.DuckDBPyConnection, table: RawTable) -> dict[str, str]:
    """Return the declared columns with DuckDB's own names of their types.

    Call it outside a transaction: an unknown type would end that.
    """
    if not table.columns:
        return {}
    types = ", ".join(f"typeof(null::{text})" for text in table.columns.values())
    try:
        (found,) = rows_of(connection, f"select {types}")
    except duckdb.Error:
        _check_each_type(connection, table)
        raise
    kinds = dict(zip(table.columns, found, strict=True))
    check_columns(table, kinds)
    kind = kinds.get(str(table.event_time))
    is_formatted = kind == "VARCHAR" and format_of(table, str(table.event_time), kind)
    if table.event_time and kind not in EVENT_TIME_TYPES and not is_formatted:
        raise declaration_error(
            f"{table.declared_in}: table {table.name}: event_time {table.event_time} is of the "
            f"type {table.columns[table.event_time]}",
            ", ".join(kind.lower() for kind in EVENT_TIME_TYPES)
            + ", or varchar with a time_format",
        )
    return kinds


def _check_each_type(connection: duckdb.DuckDBPyConnection, table: RawTable) -> None:
    for name, text in table.columns.items():
        try:
            rows_of(connection, f"select typeof(null::{text})")
        except duckdb.Error as error:
            raise declaration_error(
                f"{table.declared_in}: table {table.name}, column {name}: data_type {text!r} "
                f"is not a type: {first_line(error)}",
                "a type of DuckDB, for instance bigint, decimal(10, 2), timestamp",
            ) from error


def map_columns(reader: Reader, existing: dict[str, str]) -> list[MappedColumn]:
    """Return a column of the raw table for each column of a file.

    Declared columns come first, in declared order; then the file's other columns in its own order,
    without those that cannot be a column of the raw table.
    """
    in_file: dict[str, list[FileColumn]] = {}
    for column in reader.columns:
        in_file.setdefault(column.name.lower(), []).append(column)
    _check_missing(reader)
    mapped = []
    for name, kind in reader.kinds.items():
        column = _the_one(reader, name, in_file.pop(name.lower()))
        conversion = _declared_conversion(reader, column, name)
        mapped.append(MappedColumn(name, kind, column.staged, column.kind, conversion))
    known = {name.lower(): name for name in existing}
    for column in reader.columns:
        if column.name.lower() not in in_file or not_loaded(reader, column):
            continue
        name = known.get(column.name.lower(), column.name)
        kind = existing.get(name, type_of(column))
        conversion = shared_conversion(reader, column, kind)
        mapped.append(MappedColumn(name, kind, column.staged, column.kind, conversion, False))
    return mapped


def type_of(column: FileColumn) -> str:
    """Return the type in which a column that is not declared is loaded."""
    return column.kind if column.kind and column.kind not in NO_TYPES else "VARCHAR"


def not_loaded(reader: Reader, column: FileColumn) -> str | None:
    """Return why a column that is not declared cannot be loaded, or None if it can."""
    name = column.name.lower()
    if not name:
        return "has no name"
    if name in INTERNAL_COLUMNS:
        return "the loader uses this name itself"
    same = [other for other in reader.columns if other.name.lower() == name]
    if len(same) > 1 and name not in {other.lower() for other in reader.kinds}:
        return NAME_TWICE
    return None


def staged_event_time(reader: Reader, columns: list[MappedColumn]) -> str | None:
    """Return the SQL of the event time of a staged row, or None for a table without one."""
    for column in columns:
        if column.name == reader.table.event_time:
            return event_time_of(reader.table, column.conversion.value, column.kind)
    return None


def shared_conversion(
    reader: Reader, column: FileColumn, kind: str, value: str = VALUE
) -> Conversion:
    """Return the conversion of a file's column to a type."""
    if column.kind is None:
        return from_text(value, kind, empty_is_null=reader.empty_is_null)
    return from_type(value, column.kind, kind)


def _declared_conversion(reader: Reader, column: FileColumn, name: str) -> Conversion:
    """Return the conversion of the column of a declared name, whose texts may have a format."""
    table, kind = reader.table, reader.kinds[name]
    time_format = format_of(table, name, kind)
    if time_format and kind == "VARCHAR":
        return checked_text(shared_conversion(reader, column, kind), time_format)
    if time_format and column.kind in (None, "VARCHAR"):
        is_null = reader.empty_is_null
        return from_format(VALUE, kind, time_format, empty_is_null=is_null)
    is_number = kind in (*INTEGERS, *FLOATS, "BIGNUM") or kind.startswith("DECIMAL")
    if table.decimal == "," and reader.file.format == "csv" and is_number:
        # A point becomes a comma, which no number has.
        return shared_conversion(reader, column, kind, f"translate({VALUE}, ',.', '.,')")
    return shared_conversion(reader, column, kind)


def _the_one(reader: Reader, name: str, columns: list[FileColumn]) -> FileColumn:
    """Return the column of a declared name: the only one, or the only one in the same case."""
    exact = [column for column in columns if column.name == name]
    if len(columns) == 1 or len(exact) == 1:
        return (exact or columns)[0]
    names = ", ".join(column.name for column in columns)
    raise FeatureStoreError(
        f"{_place(reader)}: column {name!r} occurs twice ({names})",
        allowed="declared columns with names that differ by more than their case",
        next_step="rename or remove one of them in the file",
    )


def _place(reader: Reader) -> str:
    return f"{reader.file.label}, line 1" if reader.file.format == "csv" else reader.file.label


def _check_missing(reader: Reader) -> None:
    table = reader.table
    names = [column.name for column in reader.columns]
    in_file = {name.lower() for name in names}
    missing = [name for name in reader.kinds if name.lower() not in in_file]
    if not missing:
        return
    if reader.file.format == "csv":
        check_delimiter(table, reader.file, names)
    many = "columns" if len(missing) > 1 else "column"
    near = "; ".join(
        f"for {name}, {near_names(name, names)}" for name in missing[: 3 if len(names) > 1 else 1]
    )
    raise FeatureStoreError(
        f"{_place(reader)}: {many} {', '.join(missing)} missing",
        allowed=f"a file with every column that {table.declared_in} declares for table "
        f"{table.name}; in this file, {near}",
        next_step="correct the file, or the columns (or the delimiter) in the YAML",
    )
