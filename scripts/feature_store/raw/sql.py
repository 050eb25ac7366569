"""SQL helpers; every name and text that comes from outside is quoted here."""

from __future__ import annotations

from typing import Any

import duckdb

#: The number of a row within its file, the newest of the loader's columns: older tables lack it.
ROW_NUMBER = "_source_row"
#: The columns that the loader adds to each raw table, with their types.
INTERNAL_COLUMNS = {
    "_loaded_at": "TIMESTAMP",
    "_source_file": "VARCHAR",
    "_batch_id": "VARCHAR",
    ROW_NUMBER: "BIGINT",
}
#: The tables that the loader itself keeps in the schema of the raw tables.
REJECTS = "raw_rejects"
LEDGER = "raw_files"
FILE_TIMES = "raw_file_times"


def identifier(*parts: str) -> str:
    """Return a quoted, possibly qualified name: ``identifier("raw", "t")`` is ``"raw"."t"``."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def literal(text: str) -> str:
    """Return a quoted SQL text."""
    return "'" + text.replace("'", "''") + "'"


def literals(texts: list[str]) -> str:
    """Return a SQL list of quoted texts."""
    return "[" + ", ".join(literal(text) for text in texts) + "]"


def rows_of(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: list[Any] | None = None
) -> list[tuple[Any, ...]]:
    """Return all rows of a query; one that is not read to its end would block the connection."""
    return connection.execute(query, parameters).fetchall()


def count_of(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    """Return the one number that a query gives, or that a statement reports."""
    return rows_of(connection, query)[0][0]
