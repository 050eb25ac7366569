"""The arrival of the files of an interval, before anything is loaded."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from feature_store.raw import column_mapping as plan
from feature_store.raw.conversions.time_formats import event_time_of
from feature_store.raw.files import AwaitedFileError, SourceFile, resolve_files
from feature_store.raw.load_request import LoadRequest, counted
from feature_store.raw.readers.base import NotUtf8Error
from feature_store.raw.readers.formats import READERS
from feature_store.raw.readers.staging import create_temp_tables, drop_temp_tables
from feature_store.raw.sources import RawTable, read_declarations, select_tables
from feature_store.raw.text_encodings import decoded
from feature_store.raw.undeclared_columns import UndeclaredColumns
from feature_store.warehouse.sql import count_of


@dataclass(frozen=True)
class Availability:
    """The arrival of an interval in the files of one table.

    Attributes:
        table: the source table's name.
        is_there: whether the interval can be loaded.
        found: what was found, for a person.
        notes: what else a person should know of the files that were read.
    """

    table: str
    is_there: bool
    found: str
    notes: tuple[str, ...] = ()


def check_availability(project_dir: Path, request: LoadRequest) -> Iterator[Availability]:
    """Say of each requested table whether its files hold the rows of an interval.

    An interval is there as soon as a file has a row of it. A file that has rows before the interval
    and after it, but none in it, has passed it: nothing happened then, and there is nothing to wait
    for. A table without an event time is there with its files. Nothing is written, and the
    warehouse is not opened.

    Args:
        project_dir: the dbt project.
        request: the tables, and an interval with both of its ends.

    Yields:
        one arrival a table, in the order of the YAML.

    Raises:
        FeatureStoreError: a declaration is wrong, a table unknown, or a file cannot be read as it
            is declared; to wait would not help.
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
            yield _arrival(connection, table, files, request)


def _arrival(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    files: list[SourceFile],
    request: LoadRequest,
) -> Availability:
    many = counted(len(files), "file")
    if table.event_time is None:
        return Availability(table.name, True, f"{many}, no event time to wait for")
    declared = plan.canonical_types(connection, table)
    drift = UndeclaredColumns(table)
    is_there, found = False, f"no row of the interval in {many}"
    # The newest name first: that is where a new interval is, where each has its own file.
    for file in reversed(files):
        with decoded(file, table.encoding) as text:
            rows, is_passed = _rows_of_interval(connection, table, declared, text, request, drift)
        if rows:
            is_there, found = True, f"{counted(rows, 'row')} in {file.label}"
            break
        if is_passed:
            is_there, found = True, f"none, but {file.label} has earlier and later rows"
            break
    return Availability(table.name, is_there, found, tuple(drift.notes("in the file, and")))


def _rows_of_interval(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    declared: dict[str, str],
    file: SourceFile,
    request: LoadRequest,
    drift: UndeclaredColumns,
    check_texts: bool = False,
) -> tuple[int, bool]:
    """Return how many rows of the interval a file has, and whether it has rows on both sides."""
    create_temp_tables(connection)
    reader = READERS[file.format](connection, file, table, declared)
    reader.check_texts = check_texts
    reader.prepare()
    targets = plan.make_plan(table, reader, declared, {})
    [event_time] = [
        event_time_of(table, target.conversion.value, target.kind)
        for target in targets
        if target.name == table.event_time
    ]
    earlier = LoadRequest(end=request.start).interval(event_time)
    later = LoadRequest(start=request.end).interval(event_time)
    inside = request.interval(event_time)
    # A reader may leave out the rest, so that of a large file only the interval is kept.
    try:
        reader.stage(inside)
    except NotUtf8Error:
        return _rows_of_interval(connection, table, declared, file, request, drift, True)
    drift.add(reader, targets, declared, [column.name for column in reader.columns])
    rows = count_of(connection, f"select count(*) from load_staged where {inside}")
    is_passed = False
    if not rows:
        reader.stage("true")
        is_passed = count_of(
            connection,
            f"select coalesce(bool_or({earlier}) and bool_or({later}), false)::int "
            "from load_staged",
        )
    drop_temp_tables(connection)
    return rows, bool(is_passed)
