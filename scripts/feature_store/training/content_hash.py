"""Hashes of a training set's content, independent of its files and of the reading threads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import duckdb

from feature_store.warehouse.sql import identifier, rows_of


def split_hash(
    connection: duckdb.DuckDBPyConnection, query: str, columns: Mapping[str, str]
) -> str:
    """Return a hash of the rows of a query and their order, 32 hex digits.

    Each row is a text: its number, and every value as text with its length in front, so that
    different rows have different texts. The MD5 sums of these texts are combined by exclusive or,
    which needs no order and no memory. The column ``_spine_row`` of the query has their number from
    0.
    """
    texts = []
    for name in columns:
        text = f"cast({identifier(name)} as varchar)"
        texts.append(f"coalesce(length({text}) || ':' || {text}, '-')")
    row = " || ',' || ".join(["cast(_spine_row as varchar)", *texts])
    found = rows_of(
        connection, f"select cast(bit_xor(md5_number({row})) as varchar) from ({query}) as content"
    )
    return f"{int(found[0][0] or 0):032x}"


def content_hash(columns: Mapping[str, str], splits: Mapping[str, tuple[int, str]]) -> str:
    """Return the hash of a training set: of its columns, and of each split's rows and hash."""
    content = {"columns": [*columns.items()], "splits": sorted(splits.items())}
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
