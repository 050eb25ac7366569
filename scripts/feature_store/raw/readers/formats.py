"""The formats that can be read."""

from __future__ import annotations

from feature_store.raw.readers.base import Reader
from feature_store.raw.readers.csv import CsvReader
from feature_store.raw.readers.jsonl import JsonLinesReader
from feature_store.raw.readers.parquet import ParquetReader

READERS: dict[str, type[Reader]] = {
    "csv": CsvReader,
    "jsonl": JsonLinesReader,
    "parquet": ParquetReader,
}
