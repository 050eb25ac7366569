"""Loading of source tables into the warehouse, each table in one transaction."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.profiles import check_warehouse_name
from feature_store.raw.files import NoFilesError, SourceFile, resolve_files
from feature_store.raw.load_request import LoadRequest
from feature_store.raw.load_result import LoadResult
from feature_store.raw.readers.base import NotUtf8Error
from feature_store.raw.sources import RawTable, read_declarations, select_tables
from feature_store.raw.table_load import TableLoad
from feature_store.settings import Settings
from feature_store.warehouse import connection as warehouse
from feature_store.warehouse.errors import first_line


def load(
    settings: Settings,
    request: LoadRequest,
    on_file: Callable[[RawTable, SourceFile], None] = lambda table, file: None,
    on_start: Callable[[int], None] = lambda files: None,
) -> list[LoadResult]:
    """Load the requested tables, each in a transaction of its own.

    A table that fails stays as it was; the others are loaded. A table without a file is an error
    only if the request names it, or if no table has a file. Otherwise its raw table is created,
    empty, and ``warning`` says so.

    Args:
        settings: the project and its warehouse.
        request: tables, interval and quarantine.
        on_file: called after each file, before its table is committed.
        on_start: called once with the number of files.

    Returns:
        one result a table; ``error`` is set in those that failed.

    Raises:
        FeatureStoreError: a declaration is wrong, a table unknown, or the warehouse locked.
    """
    tables = select_tables(read_declarations(settings.project_dir), request.tables)
    check_warehouse_name(settings.warehouse_path, [table.schema for table in tables])
    loaded_at = datetime.now(UTC).replace(tzinfo=None)
    found = [_files_or_error(table, settings.project_dir) for table in tables]
    needs_files = bool(request.tables and request.needs_files) or all(
        isinstance(files, NoFilesError) for files in found
    )
    on_start(sum(len(files) for files in found if isinstance(files, list)))
    with contextlib.closing(
        warehouse.connect(settings.warehouse_path, read_only=False)
    ) as connection:
        return [
            _load_table(
                TableLoad(connection, table, request, loaded_at), files, on_file, needs_files
            )
            for table, files in zip(tables, found, strict=True)
        ]


def _files_or_error(table: RawTable, project_dir: Path) -> list[SourceFile] | FeatureStoreError:
    try:
        return resolve_files(table, project_dir)
    except FeatureStoreError as error:
        return error


def _load_table(
    work: TableLoad,
    files: list[SourceFile] | FeatureStoreError,
    on_file: Callable[[RawTable, SourceFile], None],
    needs_files: bool,
) -> LoadResult:
    began = time.monotonic()
    if isinstance(files, NoFilesError) and not needs_files:
        _in_transaction(work, partial(work.run_without_files, files))
    elif isinstance(files, FeatureStoreError):
        work.result.error = files
    else:
        _in_transaction(work, partial(work.run, files, on_file))
    work.result.seconds = time.monotonic() - began
    return work.result


def _in_transaction(work: TableLoad, run: Callable[[], None]) -> None:
    """Load one table; an error changes nothing of it."""
    connection = work.connection
    try:
        work.check_declaration()
        connection.begin()
        try:
            run()
        except NotUtf8Error:
            connection.rollback()
            work.start(check_texts=True)
            connection.begin()
            run()
        connection.commit()
    except BaseException as error:
        with contextlib.suppress(duckdb.Error):
            connection.rollback()
        if isinstance(error, duckdb.InterruptException):
            raise KeyboardInterrupt from error
        clear = _clear_error(error, work.table)
        if clear is None:
            raise
        work.result = LoadResult(work.table.name, error=clear)


def _clear_error(error: BaseException, table: RawTable) -> FeatureStoreError | None:
    """Return an error as one for the user, or None for a bug or a request to stop."""
    if isinstance(error, FeatureStoreError):
        return error
    if isinstance(error, duckdb.Error):
        return FeatureStoreError(
            f"table {table.relation}: {first_line(error)}",
            next_step="nothing of the table was changed; if the message does not tell what "
            "to do, please report it",
        )
    if isinstance(error, OSError):
        return FeatureStoreError(
            f"table {table.relation}: {error.filename or ''}: {error.strerror or error}",
            next_step="check the file, and the space on the disk; the table is unchanged",
        )
    return None
