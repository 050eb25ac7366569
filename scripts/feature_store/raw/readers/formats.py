"""The reader of each file format."""

from __future__ import annotations

import duckdb

from feature_store.raw.files import SourceFile
from feature_store.raw.readers.base import Reader
from feature_store.raw.readers.csv import CsvReader
from feature_store.raw.readers.jsonl import JsonLinesReader
from feature_store.raw.readers.parquet import ParquetReader
from feature_store.raw.readers.staging import create_temp_tables
from feature_store.raw.sources import RawTable

_READERS: dict[str, type[Reader]] = {
    "csv": CsvReader,
    "jsonl": JsonLinesReader,
    "parquet": ParquetReader,
}


def open_reader(
    connection: duckdb.DuckDBPyConnection,
    file: SourceFile,
    table: RawTable,
    kinds: dict[str, str],
    *,
    check_texts: bool,
) -> Reader:
    """Return a file's reader that knows the file's columns; the temporary tables are emptied."""
    create_temp_tables(connection)
    reader = _READERS[file.format](connection, file, table, kinds)
    reader.check_texts = check_texts
    reader.prepare()
    return reader
