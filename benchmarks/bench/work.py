"""A database to work in for a moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from feature_store.warehouse.connection import connect


@contextmanager
def work_database(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in a folder, in UTC, and remove it again.

    It is a file because Ctrl-C ends only the queries of connections that the project opened.

    Args:
        folder: where the file goes.
    """
    path = folder / "work.duckdb"
    connection = connect(path, read_only=False)
    try:
        yield connection
    finally:
        connection.close()
        path.unlink(missing_ok=True)
