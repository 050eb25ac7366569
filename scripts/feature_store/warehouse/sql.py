"""SQL helpers: quoting of names, texts and paths, and small queries."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb


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
    """Return all rows of a query; a result that is not read completely blocks the connection."""
    return connection.execute(query, parameters).fetchall()


def count_of(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: list[Any] | None = None
) -> int:
    """Return the one number that a query gives, or that a statement reports."""
    return rows_of(connection, query, parameters)[0][0]


def duckdb_path(path: Path) -> str:
    """Return a path as SQL text in which DuckDB sees no glob, and that it searches nowhere else."""
    return literal(re.sub(r"([*?\[])", r"[\1]", str(path.absolute())))


def exists(path: Path) -> bool:
    """Return whether there is such a file or folder; a name that is too long does not exist."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
