"""The record of loaded files, ``raw_files``: a file with the same content is not read again."""

from __future__ import annotations

import hashlib
from typing import Any

import duckdb

from feature_store.raw.conversions.conversion import RULES
from feature_store.raw.files import SourceFile
from feature_store.raw.internal_names import FILE_TIMES, LOADED_FILES, REJECTS, ROW_NUMBER
from feature_store.raw.raw_table import count_rows, source_filter
from feature_store.raw.sources import RawTable
from feature_store.warehouse.sql import identifier, rows_of

_FILE = "table_name varchar, source_file varchar, "
_BYTES = _FILE + "batch_id varchar, options varchar, "
_TABLES = {
    REJECTS: _FILE + "line bigint, column_name varchar, reason varchar, row_text varchar, "
    "event_time timestamp, _loaded_at timestamp, _batch_id varchar",
    LOADED_FILES: _BYTES + "row_count bigint, rejected bigint",
    FILE_TIMES: _BYTES + "least timestamp, greatest timestamp, without_time bigint",
}


def create_loader_tables(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Create a raw schema and the loader's own tables in it where they are missing."""
    connection.execute(f"create schema if not exists {identifier(schema)}")
    for name, columns in _TABLES.items():
        connection.execute(f"create table if not exists {identifier(schema, name)} ({columns})")


def file_options(table: RawTable, file: SourceFile) -> str:
    """Return a hash of everything besides the bytes that decides which rows a file has."""
    settings: tuple[Any, ...] = (
        RULES,
        file.format,
        file.gzipped,
        table.delimiter,
        table.null_values,
        table.columns,
    )
    formats = (table.encoding, table.decimal, table.time_format, table.time_formats)
    # Only added where one is declared, so that the hashes in older warehouses stay valid.
    if formats != ("utf-8", ".", None, {}):
        settings += formats
    return hashlib.sha256(repr(settings).encode()).hexdigest()


def known_rows(
    connection: duckdb.DuckDBPyConnection, table: RawTable, file: SourceFile, batch_id: str
) -> tuple[int, int] | None:
    """Return loaded and rejected rows of a file if exactly these bytes are in the raw table.

    The raw table must exist. A file is unknown if some of its rows were deleted from the raw
    table, or if they have no number because an older version of the loader wrote them.
    """
    found = rows_of(
        connection,
        f"""
        select row_count, rejected
        from {identifier(table.schema, LOADED_FILES)}
        where table_name = ? and source_file = ? and batch_id = ? and options = ?
        """,
        [table.identifier, file.label, batch_id, file_options(table, file)],
    )
    numbered = f"{source_filter(file.label)} and {ROW_NUMBER} is not null"
    if not found or {found[0][0]} != {
        count_rows(connection, table, source_filter(file.label)),
        count_rows(connection, table, numbered),
    }:
        return None
    return found[0][0], found[0][1]


def forget_file(connection: duckdb.DuckDBPyConnection, table: RawTable, file: SourceFile) -> None:
    """Delete the record of a file whose rows differ from those in the raw table."""
    connection.execute(
        f"delete from {identifier(table.schema, LOADED_FILES)} "
        "where table_name = ? and source_file = ?",
        [table.identifier, file.label],
    )


def record_file(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    file: SourceFile,
    batch_id: str,
    counts: tuple[int, int],
) -> None:
    """Record that the raw table holds exactly the rows of these bytes: loaded and rejected ones."""
    forget_file(connection, table, file)
    connection.execute(
        f"insert into {identifier(table.schema, LOADED_FILES)} values (?, ?, ?, ?, ?, ?)",
        [table.identifier, file.label, batch_id, file_options(table, file), *counts],
    )
