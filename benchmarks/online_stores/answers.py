"""What a reader got, as a Parquet file to be compared. Needs pyarrow alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from online_stores.measure import FEATURES

_TYPES = {
    "bigint": pa.int64(),
    "decimal(18,2)": pa.decimal128(18, 2),
    "double": pa.float64(),
}
_SCHEMA = pa.schema(
    {"customer_id": pa.int64(), **{name: _TYPES[kind] for name, kind in FEATURES.items()}}
)


def write_answers(path: Path, pieces: Iterable[Mapping[str, Sequence[Any]]]) -> None:
    """Write columns of values, by name, piece by piece.

    Args:
        path: the Parquet file.
        pieces: ``customer_id`` and all features, as Python's values.

    Raises:
        pyarrow.ArrowException: a value is not of the feature's type, or would lose digits.
    """
    with pq.ParquetWriter(path, _SCHEMA) as writer:
        for piece in pieces:
            columns = [pa.array(piece[field.name], field.type) for field in _SCHEMA]
            writer.write_table(pa.Table.from_arrays(columns, schema=_SCHEMA))
