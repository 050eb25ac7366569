"""What is known about loaded files and rows: fingerprints that make a second load a skip."""

from __future__ import annotations

import hashlib
from typing import Any

import duckdb

from feature_store.raw.column_mapping import source_filter
from feature_store.raw.conversions.conversion import RULES
from feature_store.raw.files import SourceFile
from feature_store.raw.internal_names import FILE_TIMES, LEDGER, ROW_NUMBER
from feature_store.raw.rejects import create_rejects
from feature_store.raw.sources import RawTable
from feature_store.warehouse.sql import count_of, identifier, literal, rows_of


def create_ledger(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Make a raw schema with the loader's own tables where they are missing."""
    connection.execute(f"create schema if not exists {identifier(schema)}")
    create_rejects(connection, schema)
    connection.execute(
        f"""
        create table if not exists {identifier(schema, LEDGER)} (
            table_name varchar,
            source_file varchar,
            batch_id varchar,
            options varchar,
            row_count bigint,
            rejected bigint
        )
        """
    )
    connection.execute(
        f"""
        create table if not exists {identifier(schema, FILE_TIMES)} (
            table_name varchar,
            source_file varchar,
            batch_id varchar,
            options varchar,
            least timestamp,
            greatest timestamp,
            without_time bigint
        )
        """
    )


def file_options(table: RawTable, file: SourceFile) -> str:
    """Return a hash of all that decides, besides the bytes, what rows a file has."""
    settings: tuple[Any, ...] = (
        RULES,
        file.format,
        file.gzipped,
        table.delimiter,
        table.null_values,
        table.columns,
    )
    formats = (table.encoding, table.decimal, table.time_format, table.time_formats)
    if formats != ("utf-8", ".", None, {}):  # what has none of them keeps its hash
        settings += formats
    return hashlib.sha256(repr(settings).encode()).hexdigest()


def known_rows(
    connection: duckdb.DuckDBPyConnection, table: RawTable, file: SourceFile, batch_id: str
) -> tuple[int, int] | None:
    """Return loaded and rejected rows of a file if exactly these bytes are in the raw table.

    The raw table must exist. Rows that somebody deleted there make the file unknown, and so do
    rows without a number, which an older loader wrote.
    """
    found = rows_of(
        connection,
        f"""
        select row_count, rejected
        from {identifier(table.schema, LEDGER)}
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


def count_rows(connection: duckdb.DuckDBPyConnection, table: RawTable, where: str) -> int:
    """Return the number of raw rows that meet a condition."""
    raw = identifier(table.schema, table.identifier)
    return count_of(connection, f"select count(*) from {raw} where {where}")


def later_than_loaded(connection: duckdb.DuckDBPyConnection, raw: str, loaded_at: str) -> str:
    """Return the time of a load that comes after all that a raw table holds.

    Clocks go back, and two loads may share a microsecond; whoever asks what a load has brought
    compares load times.

    Args:
        connection: the warehouse.
        raw: the raw table, quoted.
        loaded_at: SQL of the clock's time.

    Returns:
        SQL of that time or, where the table has later rows, of one microsecond after the latest.
    """
    ((time,),) = rows_of(
        connection,
        f"select greatest({loaded_at}, max(_loaded_at) + interval 1 microsecond) from {raw}",
    )
    return f"timestamp {literal(time.isoformat(' '))}"


def forget(connection: duckdb.DuckDBPyConnection, table: RawTable, file: SourceFile) -> None:
    """Note that the raw table no longer holds exactly what some file held."""
    connection.execute(
        f"delete from {identifier(table.schema, LEDGER)} where table_name = ? and source_file = ?",
        [table.identifier, file.label],
    )


def remember(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    file: SourceFile,
    batch_id: str,
    counts: tuple[int, int],
) -> None:
    """Note that the raw table holds exactly the rows of these bytes.

    Args:
        connection: the warehouse.
        table: the raw table.
        file: the file.
        batch_id: the sha256 of its bytes.
        counts: its loaded and its rejected rows.
    """
    forget(connection, table, file)
    connection.execute(
        f"insert into {identifier(table.schema, LEDGER)} values (?, ?, ?, ?, ?, ?)",
        [table.identifier, file.label, batch_id, file_options(table, file), *counts],
    )


def row_text(columns: list[str]) -> str:
    """Return the SQL of a row's JSON text, in which null, '' and 'null' differ."""
    names = ", ".join(identifier(name) for name in sorted(columns))
    return f"to_json(row({names}))::varchar"


def content(
    connection: duckdb.DuckDBPyConnection, rows: str, columns: list[str]
) -> tuple[int, str]:
    """Return the number of rows of a query and a hash of them that ignores their order.

    Each row's JSON text is hashed by MD5; the sums of both halves over all rows, which count
    duplicates too, make the batch's sha256.
    """
    names = ", ".join(identifier(name) for name in sorted(columns))
    ((count, lower, upper),) = rows_of(
        connection,
        f"""
        select
            count(*),
            coalesce(sum(md5_number_lower(row_text)), 0),
            coalesce(sum(md5_number_upper(row_text)), 0)
        from (select {row_text(columns)} as row_text from ({rows}))
        """,
    )
    return count, hashlib.sha256(f"{names}:{count}:{lower}:{upper}".encode()).hexdigest()


def with_load_times(
    connection: duckdb.DuckDBPyConnection, rows: str, loaded: str, columns: list[str]
) -> str:
    """Return the query of rows with the ``_loaded_at`` of the same rows that are loaded already.

    Args:
        connection: the warehouse.
        rows: query of a file's rows.
        loaded: query of raw rows of the same content, which may be deleted afterwards.
        columns: the names of what makes the content.
    """
    row_hash = f"md5_number({row_text(columns)}) as _row_hash"
    connection.execute(
        f"""
        create temp table load_kept as
        select {row_hash}, min(_loaded_at) as _loaded_at from ({loaded}) group by _row_hash
        """
    )
    return f"select * from (select *, {row_hash} from ({rows})) join load_kept using (_row_hash)"
