"""Loading: a table at a time, each in one transaction."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.profiles import check_warehouse_name
from feature_store.raw.files import NoFilesError, SourceFile, resolve_files
from feature_store.raw.load_request import LoadRequest, LoadResult
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

    A table that fails is left as it was, and the others are loaded all the same. One without a file
    is an error only if it was asked for by name, or if no table has a file; else its raw table is
    made, empty, and ``warning`` says so.

    Args:
        settings: the project and its warehouse.
        request: tables, interval and quarantine.
        on_file: called after each file, before its table is committed.
        on_start: called with the number of files to come.

    Returns:
        one result a table; ``error`` is set in those that failed.

    Raises:
        FeatureStoreError: a declaration is wrong, a table unknown, or the warehouse locked.
    """
    tables = select_tables(read_declarations(settings.project_dir), request.tables)
    check_warehouse_name(settings.warehouse_path, [table.schema for table in tables])
    loaded_at = datetime.now(UTC).replace(tzinfo=None)
    found: list[list[SourceFile] | FeatureStoreError] = []
    for table in tables:
        try:
            found.append(resolve_files(table, settings.project_dir))
        except FeatureStoreError as error:
            found.append(error)
    is_optional = not (request.tables and request.needs_files) and not all(
        isinstance(files, NoFilesError) for files in found
    )
    on_start(sum(len(files) for files in found if isinstance(files, list)))
    connection = warehouse.connect(settings.warehouse_path, read_only=False)
    results = []
    try:
        for table, files in zip(tables, found, strict=True):
            work = TableLoad(connection, table, request, loaded_at)
            began = time.monotonic()
            if isinstance(files, NoFilesError) and is_optional:
                _in_transaction(work, partial(work.run_without_files, files))
            elif isinstance(files, FeatureStoreError):
                work.result.error = files
            else:
                _in_transaction(work, partial(work.run, files, on_file))
            work.result.seconds = time.monotonic() - began
            results.append(work.result)
    finally:
        connection.close()
    return results


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
        failed = LoadResult(work.table.name)
        if isinstance(error, FeatureStoreError):
            failed.error = error
        elif isinstance(error, duckdb.InterruptException):
            raise KeyboardInterrupt from error
        elif isinstance(error, duckdb.Error):
            failed.error = FeatureStoreError(
                f"table {work.raw}: {first_line(error)}",
                next_step="nothing of the table was changed; if the message does not tell what "
                "to do, please report it",
            )
        elif isinstance(error, OSError):
            failed.error = FeatureStoreError(
                f"table {work.raw}: {error.filename or ''}: {error.strerror or error}",
                next_step="check the file, and the space on the disk; the table is unchanged",
            )
        else:
            raise
        work.result = failed
