"""Connections to the DuckDB file, with errors a person can act on."""

from __future__ import annotations

import contextlib
import weakref
from pathlib import Path

import duckdb

from feature_store.errors import FeatureStoreError

_opened: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()


def connect(path: Path, *, read_only: bool = True) -> duckdb.DuckDBPyConnection:
    """Open the warehouse; the session's time zone is UTC.

    Args:
        path: the DuckDB file. A writer creates it where it is missing, a reader does not.
        read_only: several readers may share a file, a writer must be alone.

    Raises:
        FeatureStoreError: the file is missing, locked by another process, or no DuckDB file.
    """
    if read_only and not path.exists():
        raise FeatureStoreError(
            f"{path}: there is no warehouse yet",
            next_step="load the raw data (scripts/load_raw.py), then run dbt build",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = duckdb.connect(str(path), read_only=read_only)
    except duckdb.ConnectionException as error:
        raise FeatureStoreError(
            f"{path}: this process has the warehouse open already, in another way: {error}",
            next_step="close that connection",
        ) from error
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise FeatureStoreError(
                f"{path}: another process has the warehouse open for writing",
                allowed="one writer at a time, and no reader beside it",
                next_step="wait for the running dbt or loader to end, then try again",
            ) from error
        raise FeatureStoreError(
            f"{path}: cannot be opened: {error}", allowed="a file written by DuckDB"
        ) from error
    connection.execute("set timezone = 'UTC'")
    # By itself DuckDB prints to stdout how far a long query is.
    connection.execute("set enable_progress_bar = false")
    _opened.add(connection)
    return connection


def interrupt_queries() -> None:
    """Let the queries that run in this process end at once, each with an error."""
    for connection in [*_opened]:
        with contextlib.suppress(duckdb.Error):  # closed already
            connection.interrupt()
