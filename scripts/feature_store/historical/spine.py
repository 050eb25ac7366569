"""The rows that features are looked up for: entity keys and a time, from wherever they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb

from feature_store.definitions import FeatureView
from feature_store.errors import FeatureStoreError, near_names
from feature_store.historical.csv_times import csv_query
from feature_store.historical.frames import typed_frame
from feature_store.historical.query import begins_like_a_query, is_statement, one_query
from feature_store.macros import ProjectMacros
from feature_store.raw.reader import duckdb_path, exists
from feature_store.raw.sql import identifier, literal, rows_of
from feature_store.warehouse_errors import first_line

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    SpineSource: TypeAlias = "pd.DataFrame | pa.Table | Path | str"

#: The name under which a query sees the spine.
SPINE = "_given_spine"
_FRAME = "_given_frame"
#: A double holds every whole number up to here, and none beyond it for certain.
_EXACT_IN_DOUBLE = 2**53
_READERS = {".parquet": "read_parquet", ".csv": "read_csv"}
_TABLES = {("pandas", "DataFrame"), ("pyarrow", "Table"), ("pyarrow", "RecordBatch")}


@dataclass(frozen=True)
class Spine:
    """A spine that a connection can read as ``_given_spine``.

    Attributes:
        columns: SQL types by name, in order.
        time: the time column.
        is_table: whether its rows can be counted and read again at no great cost.
        is_registered: whether it is an object of this process.
    """

    columns: dict[str, str]
    time: str
    is_table: bool
    is_registered: bool


def open_spine(
    connection: duckdb.DuckDBPyConnection,
    source: SpineSource,
    time: str,
    views: Iterable[FeatureView],
    macros: ProjectMacros,
) -> Spine:
    """Make a spine readable in a connection, and check that the views can be joined to it.

    Args:
        connection: the warehouse.
        source: a pandas or Arrow table, the path of a Parquet or CSV file, or a SQL query.
        time: the time column's name.
        views: the feature views whose keys it must have.
        macros: the project's macros, which know what types go together.

    Raises:
        FeatureStoreError: it cannot be read, or lacks the time or a key, or has a wrong type there.
    """
    keys = _keys(views)
    try:
        if _kind(source) == ("pandas", "DataFrame"):
            _register_frame(connection, typed_frame(source), keys, macros)
        else:
            _register(connection, source, time, keys)
        described = rows_of(connection, f"describe {SPINE}")
    except duckdb.Error as error:
        raise FeatureStoreError(
            f"the spine cannot be read: {first_line(error)}",
            allowed="a pandas or Arrow table, the path of a Parquet or CSV file, or a SQL query",
        ) from error
    is_registered = not isinstance(source, (str, Path))
    is_parquet = not is_registered and "read_parquet(" in _file_query(source)[:30]
    columns = {row[0]: row[1] for row in described}
    spine = Spine(columns, time, is_registered or is_parquet, is_registered)
    faults = [*_name_faults(_names(source, spine)), *_time_faults(connection, spine, macros)]
    for key, data_type in keys:
        faults += _key_faults(connection, spine, key, data_type, macros)
    if faults:
        raise _wrong(faults)
    return spine


def _wrong(faults: Sequence[str]) -> FeatureStoreError:
    return FeatureStoreError(
        f"the spine cannot be joined: {len(faults)} fault{'s'[: len(faults) > 1]}\n  - "
        + "\n  - ".join(faults),
        allowed="one column for each key of the features, of the key's type, and a time",
    )


def _register(
    connection: duckdb.DuckDBPyConnection, source: Any, time: str, keys: Iterable[tuple[str, str]]
) -> None:
    if isinstance(source, (str, Path)):
        query = _file_query(source) or one_query(str(source), "the spine")
        if query.startswith("read_csv("):
            path = query.removeprefix("read_csv(").removesuffix(")")
            query = csv_query(connection, path, time, keys)
        connection.execute(f"create or replace temp view {SPINE} as {query}")
    elif _kind(source) in _TABLES:
        connection.register(SPINE, source)
    else:
        raise FeatureStoreError(
            f"the spine is a {type(source).__name__}",
            allowed="a pandas or Arrow table, the path of a Parquet or CSV file, or a SQL query",
        )


def _register_frame(
    connection: duckdb.DuckDBPyConnection,
    frame: pd.DataFrame,
    keys: Iterable[tuple[str, str]],
    macros: ProjectMacros,
) -> None:
    """Make a pandas table readable, with whole numbers where gaps made floats of them.

    Raises:
        FeatureStoreError: such a key is no whole number, or too large to be one for certain.
    """
    connection.register(_FRAME, frame)
    types = {row[0]: row[1] for row in rows_of(connection, f"describe {_FRAME}")}
    casts, faults = [], []
    for key, data_type in keys:
        found, column = types.get(key), identifier(key)
        is_integer = macros._are_comparable_keys("'BIGINT'", f"typeof(cast(null as {data_type}))")
        if (
            found not in ("DOUBLE", "FLOAT")
            or not rows_of(connection, f"select {is_integer}")[0][0]
        ):
            continue
        bad = rows_of(
            connection,
            f"select {column} from {_FRAME} where {column} is not null and not isnan({column}) and "
            f"({column} <> trunc({column}) or abs({column}) >= {_EXACT_IN_DOUBLE}) limit 1",
        )
        if bad:
            faults.append(
                f"key column {key} is of type {found}; {data_type} is allowed, or whole numbers "
                f"below 2^53; got {bad[0][0]}"
            )
        casts.append(f"if(isnan({column}), null, cast({column} as bigint)) as {column}")
    if faults:
        raise _wrong(faults)
    replaced = f"replace ({', '.join(casts)})" if casts else ""
    connection.execute(f"create or replace temp view {SPINE} as select * {replaced} from {_FRAME}")


def _kind(source: Any) -> tuple[str, str]:
    """Return package and class; what can be read only once, as a RecordBatchReader, is no table."""
    return type(source).__module__.split(".")[0], type(source).__name__


def _file_query(source: Path | str) -> str:
    """Return SQL that reads a file or files, ``read_csv(<path>)`` for CSV; nothing for a query."""
    text = str(source).strip()
    path = Path(text)
    # A file may be called values.parquet.
    if (
        isinstance(source, str)
        and begins_like_a_query(text)
        and not (path.suffix.lower() in _READERS and exists(path))
    ):
        return ""
    if text and exists(path) and path.is_dir():
        files = duckdb_path(path)[:-1] + "/**/*.parquet'"
        return f"select * from read_parquet({files})"
    read = _READERS.get(path.suffix.lower())
    if read is None and is_statement(text):
        return ""
    if read is None:
        raise FeatureStoreError(
            f"{text or 'an empty text'}: the kind of file is not known",
            allowed="a name that ends in .parquet or .csv, or a query that begins with select",
        )
    if not exists(path) and not any(mark in text for mark in "*?["):
        raise FeatureStoreError(f"{text}: there is no such file", allowed="a Parquet or CSV file")
    files = duckdb_path(path) if exists(path) else literal(text)
    if read == "read_csv":
        return f"read_csv({files})"
    # A folder such as day=7 above one file is no column of it.
    options = ", hive_partitioning = false" if exists(path) else ""
    return f"select * from read_parquet({files}{options})"


def _keys(views: Iterable[FeatureView]) -> list[tuple[str, str]]:
    keys = [(key.name, key.data_type) for view in views for key in view.entity]
    return [*dict.fromkeys(keys)]


def _names(source: Any, spine: Spine) -> list[str]:
    """Return the names as given: of two alike DuckDB renames the second."""
    given = {"pandas": "columns", "pyarrow": "column_names"}.get(_kind(source)[0])
    return [str(name) for name in getattr(source, given)] if given else [*spine.columns]


def _name_faults(given: Iterable[str]) -> list[str]:
    names = [name.lower() for name in given]
    twins = sorted({name for name in names if names.count(name) > 1})
    faults = [f"column {name} is there more than once" for name in twins]
    return faults + [
        f"column {name}: names that begin with _spine_ are the join's own"
        for name in names
        if name.startswith("_spine_")
    ]


def _missing(spine: Spine, name: str, what: str) -> list[str]:
    if name in spine.columns:
        return []
    return [f"{what} {name} is missing; {near_names(name, spine.columns)}"]


def _time_faults(
    connection: duckdb.DuckDBPyConnection, spine: Spine, macros: ProjectMacros
) -> list[str]:
    faults = _missing(spine, spine.time, "time column")
    data_type = spine.columns.get(spine.time)
    if data_type:
        faults += _told(
            connection, macros._time_type_fault(f"time column {spine.time}", literal(data_type))
        )
    if data_type == "TIMESTAMP_NS":
        # Rounded to microseconds, a time could reach a row that was not there yet.
        column = identifier(spine.time)
        finer = f"select {column} from {SPINE} where epoch_ns({column}) % 1000 <> 0 limit 1"
        if rows_of(connection, finer):
            faults.append(
                f"time column {spine.time} has parts of a microsecond; times rounded down to "
                "microseconds are allowed"
            )
    return faults


def _told(connection: duckdb.DuckDBPyConnection, fault_sql: str) -> list[str]:
    """Return what the SQL of a fault says, if it says anything."""
    return [text for (text,) in rows_of(connection, f"select {fault_sql}") if text is not None]


def _key_faults(
    connection: duckdb.DuckDBPyConnection,
    spine: Spine,
    key: str,
    data_type: str,
    macros: ProjectMacros,
) -> list[str]:
    faults = _missing(spine, key, "key column")
    if faults:
        return faults
    wanted = f"typeof(cast(null as {data_type}))"
    fault = macros._key_type_fault(f"key column {key}", literal(spine.columns[key]), wanted)
    return _told(connection, fault)
