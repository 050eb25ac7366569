"""Divides a spine into chunks, so that the memory of a join does not grow with the spine."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb

from feature_store.historical.spine import SPINE, Spine
from feature_store.warehouse.sql import count_of, rows_of

_SPOOLED = "_spooled_spine"
#: Bytes for each value of the result while it is joined, with the hash tables of the join, where
#: the memory limit divides a spine into chunks. Measured with one view and with four: below 10
#: joins ran out of memory, below 20 they were very slow.
_BYTES_A_VALUE = 100
#: The same where a join has less than the memory limit: with 25 it took no longer than with 100.
_ENOUGH_BYTES_A_VALUE = 50
#: Bytes to read feature tables of any size, for each thread.
_BYTES_A_THREAD = 16 * 2**20
#: Each chunk reads the feature tables' keys again, so very small ones are not worth it.
_LEAST_ROWS = 50_000
_UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def memory_setting(connection: duckdb.DuckDBPyConnection) -> str:
    """Return DuckDB's memory limit as text, such as ``1.8 GiB``."""
    return rows_of(connection, "select current_setting('memory_limit')")[0][0]


def memory_limit(connection: duckdb.DuckDBPyConnection) -> float:
    """Return DuckDB's memory limit in bytes."""
    found = re.fullmatch(r"([0-9.]+) (\w+)", memory_setting(connection))
    return float(found[1]) * _UNITS[found[2]] if found and found[2] in _UNITS else 0.0


def rows_of_a_chunk(limit: float, columns: int) -> int:
    """Return the number of rows of so many columns that a memory limit allows in one join."""
    return max(_LEAST_ROWS, int(limit / (columns * _BYTES_A_VALUE)))


def enough_memory(connection: duckdb.DuckDBPyConnection, rows: int, columns: int) -> int:
    """Return the bytes in which a join of so many rows and columns runs as fast as in more.

    Without this limit DuckDB keeps the feature tables that it reads in memory, up to its own limit.
    """
    [(threads,)] = rows_of(connection, "select cast(current_setting('threads') as bigint)")
    return threads * _BYTES_A_THREAD + rows * columns * _ENOUGH_BYTES_A_VALUE


def spool(connection: duckdb.DuckDBPyConnection, spine: Spine, rows: int) -> int:
    """Copy a spine to a table whose chunks can be read by row number; return its number of rows.

    So a query or a CSV file is read once, and not each time that the spine is named. A spine that
    one chunk holds is not copied.
    """
    count = count_of(connection, f"select count(*) from {SPINE}") if spine.is_table else None
    if count is None or count > rows:
        connection.execute(f"create temp table {_SPOOLED} as select * from {SPINE}")
        count = count_of(connection, f"select count(*) from {_SPOOLED}")
        if spine.is_registered:
            connection.unregister(SPINE)
        connection.execute(f"create or replace temp view {SPINE} as select * from {_SPOOLED}")
    return count


def chunks(connection: duckdb.DuckDBPyConnection, count: int, rows: int) -> Iterator[int]:
    """Make the spine's view read one chunk after the other, and yield the number of each."""
    if count <= rows:
        yield 0
        return
    for number, start in enumerate(range(0, count, rows)):
        connection.execute(
            f"create or replace temp view {SPINE} as select * from {_SPOOLED} "
            f"where rowid >= {start} and rowid < {start + rows}"
        )
        yield number
