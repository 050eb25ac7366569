"""Writes the files of a training set, one for each split, and reads them with their hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.training.content_hash import content_hash, split_hash
from feature_store.training.splits import PART, SPLIT, SPLITS
from feature_store.warehouse.errors import first_line
from feature_store.warehouse.sql import duckdb_path, identifier, literal, rows_of

#: No column of the labels can have this name: those that begin with _spine_ are refused.
_SPLIT = "_spine_split"


def utc_text(time: datetime | str | None) -> str | None:
    """Return a time for a metadata file, ``2017-09-01T00:00:00Z``.

    A time beyond Python's years 1 to 9999 is a text already.
    """
    return time.isoformat() + "Z" if isinstance(time, datetime) else time


@dataclass(frozen=True)
class Split:
    """One split of a training set.

    Attributes:
        positives: the rows whose label is true; None where the label is not boolean.
        content_hash: hash of the rows in their order.
    """

    rows: int
    positives: int | None
    first_time: datetime | None
    last_time: datetime | None
    content_hash: str

    def to_json(self) -> dict[str, Any]:
        """Return the split for a metadata file."""
        times = {"first_time": utc_text(self.first_time), "last_time": utc_text(self.last_time)}
        return asdict(self) | times


@dataclass(frozen=True)
class TrainingSetSummary:
    """The content of the files of a training set.

    Attributes:
        columns: the columns of the files with their SQL types, in order, without the split.
        dropped: the number of rows that belong to no split.
        content_hash: hash of columns and splits.
    """

    columns: dict[str, str]
    splits: dict[str, Split]
    dropped: int
    content_hash: str

    @property
    def rows(self) -> int:
        """The rows of all splits."""
        return sum(split.rows for split in self.splits.values())


def split_files(folder: Path) -> dict[str, Path]:
    """Return the file of each split of a training set, in the order of the splits."""
    found = {path.name.partition("=")[2]: path / PART for path in folder.glob(f"{SPLIT}=*")}
    order = {name: place for place, name in enumerate(SPLITS)}
    return dict(sorted(found.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))


def write_splits(
    connection: duckdb.DuckDBPyConnection,
    joined: Path,
    folder: Path,
    split_sql: str,
    *,
    time: str,
    label: str | None,
) -> TrainingSetSummary:
    """Write ``split=<name>/part-0.parquet`` for each split of a joined file.

    Args:
        connection: any DuckDB connection.
        joined: Parquet file with the labels and features of all rows, in the order of the labels.
        folder: where the splits are written.
        split_sql: SQL of a row's split.
        time: the time column.
        label: the label's column, or None.

    Raises:
        FeatureStoreError: a split has a name that cannot be a folder's, or there are no rows.
    """
    rows = f"read_parquet({duckdb_path(joined)}, hive_partitioning = false)"
    source = f"select *, {split_sql} as {_SPLIT} from {rows}"
    counts = _count_splits(connection, source)
    dropped = counts.pop(None, 0)
    if not counts:
        raise FeatureStoreError(
            f"no row of the labels belongs to a split; {dropped:,} rows belong to none",
            next_step="check the labels, and the rule that splits them",
        )
    # The folder's name replaces a column split of the labels.
    own = [row[0] for row in rows_of(connection, f"describe select * from {rows}")]
    left_out = ", ".join([_SPLIT, *(identifier(name) for name in own if name.lower() == SPLIT)])
    for name in counts:
        path = folder / f"{SPLIT}={name}"
        path.mkdir(parents=True)
        connection.execute(
            f"copy (select * exclude ({left_out}) from ({source}) "
            f"where cast({_SPLIT} as varchar) = {literal(name)}) to {literal(str(path / PART))} "
            "(format parquet, compression zstd, row_group_size 100000)"
        )
    return read_written(connection, folder, time=time, label=label, dropped=dropped)


def _count_splits(connection: duckdb.DuckDBPyConnection, source: str) -> dict[str | None, int]:
    """Return the number of rows of each split; None is the name of rows without one."""
    query = f"select cast({_SPLIT} as varchar), count(*) from ({source}) group by 1"
    counts = dict(rows_of(connection, query))
    for name in counts:
        if name is not None and not name.replace("_", "").replace("-", "").isalnum():
            raise FeatureStoreError(
                f"split {name!r} cannot be the name of a folder",
                allowed="letters, digits, _ and -",
                next_step="rename the split in the labels",
            )
    return counts


def read_written(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    *,
    time: str,
    label: str | None,
    dropped: int = 0,
) -> TrainingSetSummary:
    """Return the content of the files of a training set."""
    columns: dict[str, str] = {}
    splits: dict[str, Split] = {}
    try:
        for name, path in split_files(folder).items():
            rows = f"from read_parquet({duckdb_path(path)}, hive_partitioning = false)"
            columns = dict(row[:2] for row in rows_of(connection, f"describe select * {rows}"))
            splits[name] = _read_split(connection, rows, columns, time, label)
    except duckdb.Error as error:
        raise FeatureStoreError(
            f"{folder}: cannot be read: {first_line(error)}",
            allowed="the files as they were written",
            next_step="restore them, or build the training set again",
        ) from error
    hashes = {name: (split.rows, split.content_hash) for name, split in splits.items()}
    return TrainingSetSummary(columns, splits, dropped, content_hash(columns, hashes))


def _read_split(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    columns: Mapping[str, str],
    time: str,
    label: str | None,
) -> Split:
    is_boolean = label is not None and columns.get(label) == "BOOLEAN"
    positives = f"count(*) filter (where {identifier(str(label))})" if is_boolean else "null"
    at = f"cast({identifier(time)} as timestamp)"
    if columns[time] == "TIMESTAMPTZ_NS":  # DuckDB cannot cast it to a timestamp
        at = f"timezone('UTC', cast({identifier(time)} as timestamptz))"
    count, positive, first, last = rows_of(
        connection, f"select count(*), {positives}, min({at}), max({at}) {rows}"
    )[0]
    numbered = f"select *, row_number() over () - 1 as _spine_row {rows}"
    return Split(count, positive, first, last, split_hash(connection, numbered, columns))


def first_rows(folder: Path, count: int) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns and the first rows of a training set's first split."""
    path = next(iter(split_files(folder).values()))
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        rows = connection.execute(
            f"select * from read_parquet({duckdb_path(path)}, hive_partitioning = false) "
            f"limit {count}"
        )
        return [column[0] for column in rows.description], rows.fetchall()
