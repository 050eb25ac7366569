"""Exact values of Parquet columns that DuckDB reads inexactly, read by Arrow.

DuckDB cuts INT96 times to microseconds, converts decimals with more than 38 digits to doubles, and
cannot read a file with a text that is not UTF-8. Arrow reads such columns into temporary tables of
row numbers and values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb


@dataclass(frozen=True)
class Leaf:
    """A column of the file's schema that has no columns in it.

    Attributes:
        column: the index of the top-level column that it belongs to.
        path: the names from the top-level column down to it.
    """

    column: int
    path: tuple[str, ...]
    is_time: bool
    is_decimal: bool

    @property
    def is_nested(self) -> bool:
        """True if the value is part of a list, map or struct."""
        return len(self.path) > 1


def read_schema(rows: list[tuple[Any, ...]]) -> tuple[list[str], list[Leaf]]:
    """Return the names of the top-level columns, and the leaves of all, from ``parquet_schema``."""
    nodes = iter(rows)

    def below(count: int, column: int, path: tuple[str, ...]) -> Iterator[Leaf]:
        for i in range(count):
            name, physical, children, kind = next(nodes)
            top = i if not path else column
            if not path:
                names.append(name)
            here = (*path, name)
            if children:
                yield from below(children, top, here)
            else:
                is_decimal = kind == "DOUBLE" and physical not in ("DOUBLE", "FLOAT")
                yield Leaf(top, here, physical == "INT96", is_decimal)

    names: list[str] = []
    root = next(nodes)
    return names, list(below(root[2] or 0, 0, ()))


def _batches(path: Path, leaf: Leaf) -> Iterator[Any]:
    """Yield the values of a leaf as Arrow arrays; lists are flattened."""
    # Imported here because it is slow, and few files need it.
    import pyarrow.parquet as parquet

    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=[".".join(leaf.path)]):
            array = batch.column(0)
            while array.type.num_fields:
                parts = array.flatten()
                array = parts[0] if isinstance(parts, list) else parts
            yield array


def has_nanoseconds(path: Path, leaf: Leaf) -> bool:
    """Return whether a time of an INT96 column has nanoseconds beyond the microsecond."""
    import pyarrow as pa
    import pyarrow.compute as pc

    thousand = pa.scalar(1000, pa.int64())
    for array in _batches(path, leaf):
        times = array.cast(pa.int64())
        whole = pc.multiply(pc.divide(times, thousand), thousand)
        if pc.any(pc.not_equal(whole, times)).as_py():
            return True
    return False


def read_exactly(
    connection: duckdb.DuckDBPyConnection, path: Path, leaf: Leaf, kind: str, table: str
) -> None:
    """Fill a temporary table with the row numbers and values of a top-level column.

    ``kind`` is ``BIGINT`` (of a time: its nanoseconds), ``VARCHAR`` (of a decimal) or ``BLOB``.
    """
    import pyarrow as pa

    to_type: dict[str, Callable[[Any], Any]] = {
        "BIGINT": lambda array: array.cast(pa.int64()),
        "VARCHAR": lambda array: array.cast(pa.string()),
        "BLOB": lambda array: array.cast(pa.binary()),
    }
    connection.execute(f"create or replace temp table {table} (record bigint, value {kind})")
    first = 1
    for array in _batches(path, leaf):
        numbers = pa.array(range(first, first + len(array)), pa.int64())
        rows = pa.table([numbers, to_type[kind](array)], names=["record", "value"])
        connection.from_arrow(rows).insert_into(f"temp.main.{table}")
        first += len(array)
