"""A spine in chunks, so that the memory of a join does not grow with the spine."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb

from feature_store.historical.spine import SPINE, Spine
from feature_store.warehouse.sql import rows_of

_SPOOLED = "_spooled_spine"
#: What a value of the result may take while it is joined, with all that is built for it. Measured
#: with one view and with four: below 10 joins ran out of memory, below 20 they crawled.
_BYTES_A_VALUE = 100
#: What the reading of feature tables needs besides, whatever their size.
_BYTES_A_THREAD = 48 * 2**20
#: Each chunk reads the feature tables' keys again, so very small ones are not worth it.
_LEAST_ROWS = 50_000
_UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def memory_setting(connection: duckdb.DuckDBPyConnection) -> str:
    """Return DuckDB's memory limit as it says it, ``1.8 GiB``."""
    return rows_of(connection, "select current_setting('memory_limit')")[0][0]


def memory_limit(connection: duckdb.DuckDBPyConnection) -> float:
    """Return DuckDB's memory limit in bytes."""
    found = re.fullmatch(r"([0-9.]+) (\w+)", memory_setting(connection))
    return float(found[1]) * _UNITS[found[2]] if found and found[2] in _UNITS else 0.0


def rows_of_a_chunk(limit: float, columns: int) -> int:
    """Return how many rows of so many columns a join can take at once within a memory limit."""
    return max(_LEAST_ROWS, int(limit / (columns * _BYTES_A_VALUE)))


def enough_memory(connection: duckdb.DuckDBPyConnection, rows: int, columns: int) -> int:
    """Return the bytes in which a join of so many rows and columns runs as fast as in more.

    Without this, DuckDB keeps in memory what it has read of the feature tables, up to the limit.
    """
    threads = rows_of(connection, "select current_setting('threads')")[0][0]
    return int(threads) * _BYTES_A_THREAD + rows * columns * _BYTES_A_VALUE


def spool(connection: duckdb.DuckDBPyConnection, spine: Spine, rows: int) -> int:
    """Bring a spine where its chunks can be read by number, unless it fits into one chunk.

    What is read anew each time it is named, a query or a CSV file, is read once here.

    Args:
        connection: where the spine is open.
        spine: the spine.
        rows: rows of a chunk.

    Returns:
        the spine's rows.
    """
    count = rows_of(connection, f"select count(*) from {SPINE}")[0][0] if spine.is_table else None
    if count is None or count > rows:
        connection.execute(f"create temp table {_SPOOLED} as select * from {SPINE}")
        count = rows_of(connection, f"select count(*) from {_SPOOLED}")[0][0]
        if spine.is_registered:
            connection.unregister(SPINE)
        connection.execute(f"create or replace temp view {SPINE} as select * from {_SPOOLED}")
    return count


def chunks(connection: duckdb.DuckDBPyConnection, count: int, rows: int) -> Iterator[int]:
    """Let the spine's name stand for one chunk after the other, and yield the number of each.

    Args:
        connection: where the spine was spooled.
        count: the spine's rows.
        rows: rows of a chunk.
    """
    if count <= rows:
        yield 0
        return
    for number, start in enumerate(range(0, count, rows)):
        connection.execute(
            f"create or replace temp view {SPINE} as select * from {_SPOOLED} "
            f"where rowid >= {start} and rowid < {start + rows}"
        )
        yield number
