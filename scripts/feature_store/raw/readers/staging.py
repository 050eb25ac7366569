"""The temporary tables of a file that is being loaded, and batched inserts into them."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import duckdb

from feature_store.warehouse.sql import rows_of

#: Characters of a malformed row's text that are kept.
TEXT_LIMIT = 10_000
_BATCH_ROWS = 50_000
_BATCH_CHARACTERS = 8_000_000

_TABLES = {
    # Malformed rows: at first those that cannot be parsed, later all.
    "load_malformed": "line bigint, column_name varchar, reason varchar, row_text varchar, "
    "event_time timestamp",
    # Values that their columns cannot hold, by the number of the row.
    "load_bad_values": "record bigint, position integer, column_name varchar, reason varchar, "
    "event_time timestamp",
    # The lines and texts of rows in load_bad_values.
    "load_located": "record bigint, line bigint, row_text varchar",
}


def kept_text(raw: bytes) -> str:
    """Return as much of a malformed row's text as is kept."""
    return raw[: 4 * TEXT_LIMIT].decode("utf-8", "backslashreplace")[:TEXT_LIMIT]


def create_temp_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the empty tables for the next file."""
    drop_temp_tables(connection)
    for name, columns in _TABLES.items():
        connection.execute(f"create temp table {name} ({columns})")


def drop_temp_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop all temporary tables of a file, which frees their memory."""
    found = rows_of(
        connection,
        "select table_name from duckdb_tables() "
        "where temporary and starts_with(table_name, 'load_')",
    )
    for (name,) in found:
        connection.execute(f"drop table if exists temp.{name}")


class Appender:
    """Adds rows to a temporary table in batches, through Arrow."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: str):
        self._connection = connection
        self._table = table
        self._columns = rows_of(connection, f"describe temp.{table}")
        self._rows: list[tuple[Any, ...]] = []
        self._characters = 0

    def __enter__(self) -> Appender:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._flush()

    def add(self, row: tuple[Any, ...], size: int) -> None:
        """Add one row whose texts have about ``size`` characters."""
        self._rows.append(row)
        self._characters += size
        if len(self._rows) >= _BATCH_ROWS or self._characters >= _BATCH_CHARACTERS:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        # Imported here because it is slow, and only loads of text lines need it.
        import pyarrow as pa

        types = {"BIGINT": pa.int64(), "VARCHAR": pa.string(), "TIMESTAMP": pa.timestamp("us")}
        arrays = [
            pa.array(values, type=types[column[1]])
            for column, values in zip(self._columns, zip(*self._rows, strict=True), strict=True)
        ]
        batch = pa.table(arrays, names=[column[0] for column in self._columns])
        # A registered batch would stay in memory until the transaction ends.
        self._connection.from_arrow(batch).insert_into(f"temp.main.{self._table}")
        self._rows.clear()
        self._characters = 0
