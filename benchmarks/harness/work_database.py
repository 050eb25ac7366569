"""A temporary DuckDB database that writes and compares Parquet files, and its SQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from feature_store.warehouse.connection import connect
from feature_store.warehouse.sql import literal


@contextmanager
def work_database(
    folder: Path, memory_limit: str | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in a folder, in UTC, and remove it at the end.

    It is a file because Ctrl-C ends only the queries of connections that the project opened.

    Args:
        folder: the folder of the file.
        memory_limit: memory that DuckDB may take, such as ``1GB``; None for its default.
    """
    path = folder / "work.duckdb"
    connection = connect(path, read_only=False)
    try:
        if memory_limit:
            connection.execute(f"set memory_limit = {literal(memory_limit)}")
        yield connection
    finally:
        connection.close()
        path.unlink(missing_ok=True)


def parquet(path: Path, options: str = "") -> str:
    """Return the table function that reads a Parquet file, with further options."""
    return f"read_parquet({literal(str(path))}{options})"


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Write the rows of a query to a Parquet file."""
    connection.execute(f"copy ({query}) to {literal(str(path))} (format parquet)")


def read_sql(path: Path, **values: Any) -> str:
    """Return the text of an SQL file, with values in place of the names in braces."""
    return path.read_text(encoding="utf-8").format(**values)
