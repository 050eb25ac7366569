"""The availability of an interval's rows in the source files, checked before loading."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from feature_store.display import counted
from feature_store.raw.column_mapping import canonical_types, map_columns, staged_event_time
from feature_store.raw.files import AwaitedFileError, SourceFile, resolve_files
from feature_store.raw.load_request import LoadRequest
from feature_store.raw.readers.base import NotUtf8Error
from feature_store.raw.readers.formats import open_reader
from feature_store.raw.readers.staging import drop_temp_tables
from feature_store.raw.sources import RawTable, read_declarations, select_tables
from feature_store.raw.text_encodings import decoded
from feature_store.raw.undeclared_columns import UndeclaredColumns
from feature_store.warehouse.sql import count_of


@dataclass(frozen=True)
class Availability:
    """The availability of an interval in the files of one table."""

    table: str
    is_available: bool
    found: str
    notes: tuple[str, ...] = ()


def check_availability(project_dir: Path, request: LoadRequest) -> Iterator[Availability]:
    """Check for each requested table whether its files have the rows of an interval.

    An interval is available as soon as a file has a row in it. It is also available if a file has
    rows before it and after it, but none in it: nothing happened in the interval, so no row will
    come. A table without an event time is available as soon as its files exist. Nothing is written,
    and the warehouse is not opened. The request has both start and end.

    Yields:
        one result a table, in the order of the YAML.

    Raises:
        FeatureStoreError: a declaration is wrong, a table unknown, or a file does not fit its
            declaration; waiting would not help.
    """
    tables = select_tables(read_declarations(project_dir), request.tables)
    for table in tables:
        try:
            files = resolve_files(table, project_dir)
        except AwaitedFileError as error:
            yield Availability(table.name, False, error.what)
            continue
        with contextlib.closing(duckdb.connect()) as connection:
            connection.execute("set timezone = 'UTC'")
            yield _availability(connection, table, files, request)


def _availability(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    files: list[SourceFile],
    request: LoadRequest,
) -> Availability:
    many = counted(len(files), "file")
    if table.event_time is None:
        return Availability(table.name, True, f"{many}, no event time to wait for")
    declared = canonical_types(connection, table)
    undeclared = UndeclaredColumns(table)
    is_available, found = False, f"no row of the interval in {many}"
    # Where each interval has a file of its own, the newest interval is in the last file by name.
    for file in reversed(files):
        with decoded(file, table.encoding) as text:
            rows, is_passed = _rows_of_interval(
                connection, table, declared, text, request, undeclared
            )
        if rows:
            is_available, found = True, f"{counted(rows, 'row')} in {file.label}"
            break
        if is_passed:
            is_available, found = True, f"none, but {file.label} has earlier and later rows"
            break
    notes = tuple(undeclared.notes("in the file, and"))
    return Availability(table.name, is_available, found, notes)


def _rows_of_interval(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    declared: dict[str, str],
    file: SourceFile,
    request: LoadRequest,
    undeclared: UndeclaredColumns,
    check_texts: bool = False,
) -> tuple[int, bool]:
    """Return the number of a file's rows in the interval, and whether it has rows on both sides."""
    reader = open_reader(connection, file, table, declared, check_texts=check_texts)
    columns = map_columns(reader, {})
    event_time = str(staged_event_time(reader, columns))
    inside = request.interval(event_time)
    # A reader may leave out the rest, so that of a large file only the interval is kept.
    try:
        reader.stage(inside)
    except NotUtf8Error:
        return _rows_of_interval(connection, table, declared, file, request, undeclared, True)
    undeclared.add(reader, columns, [column.name for column in reader.columns])
    rows = count_of(connection, f"select count(*) from load_staged where {inside}")
    is_passed = False
    if not rows:
        earlier = LoadRequest(end=request.start).interval(event_time)
        later = LoadRequest(start=request.end).interval(event_time)
        reader.stage("true")
        is_passed = count_of(
            connection,
            f"select coalesce(bool_or({earlier}) and bool_or({later}), false)::int "
            "from load_staged",
        )
    drop_temp_tables(connection)
    return rows, bool(is_passed)
