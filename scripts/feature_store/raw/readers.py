"""The formats that can be read."""

from __future__ import annotations

from feature_store.raw.csv_reader import CsvReader
from feature_store.raw.json_reader import JsonLinesReader
from feature_store.raw.parquet_reader import ParquetReader
from feature_store.raw.reader import Reader

READERS: dict[str, type[Reader]] = {
    "csv": CsvReader,
    "jsonl": JsonLinesReader,
    "parquet": ParquetReader,
}
