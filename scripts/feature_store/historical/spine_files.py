"""Finds the Parquet or CSV files that a spine names, and the SQL function that reads them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feature_store.errors import FeatureStoreError
from feature_store.warehouse.read_only_query import begins_like_a_query, is_statement
from feature_store.warehouse.sql import duckdb_path, exists, literal

_READERS = {".parquet": "read_parquet", ".csv": "read_csv"}


@dataclass(frozen=True)
class SpineFiles:
    """Files that DuckDB reads, as SQL: the function, its first argument and the other arguments."""

    reader: str
    paths: str
    options: str = ""


def find_files(source: Any) -> SpineFiles | None:
    """Return the file or files that a text or path names; None for a query or a table."""
    if not isinstance(source, (str, Path)):
        return None
    text = str(source).strip()
    path = Path(text)
    # A file may be called values.parquet.
    if (
        isinstance(source, str)
        and begins_like_a_query(text)
        and not (path.suffix.lower() in _READERS and exists(path))
    ):
        return None
    if text and exists(path) and path.is_dir():
        return SpineFiles("read_parquet", duckdb_path(path)[:-1] + "/**/*.parquet'")
    reader = _READERS.get(path.suffix.lower())
    if reader is None and is_statement(text):
        return None
    if reader is None:
        raise FeatureStoreError(
            f"{text or 'an empty text'}: the kind of file is not known",
            allowed="a name that ends in .parquet or .csv, or a query that begins with select",
            next_step="rename or convert the file, or correct the query",
        )
    if not exists(path) and not any(mark in text for mark in "*?["):
        raise FeatureStoreError(
            f"{text}: there is no such file",
            allowed="a Parquet or CSV file",
            next_step="check the path",
        )
    if not exists(path):
        return SpineFiles(reader, literal(text if "://" in text else str(path.absolute())))
    # A folder such as day=7 above one file is not a column of it.
    return SpineFiles(reader, duckdb_path(path), ", hive_partitioning = false")
