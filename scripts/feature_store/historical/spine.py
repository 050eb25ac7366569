"""Opens a spine, the rows of entity keys and times that features are joined to, and checks it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb

from feature_store.dbt.macros import ProjectMacros
from feature_store.display import counted
from feature_store.errors import FeatureStoreError, bullets, near_names
from feature_store.historical.csv_times import csv_query
from feature_store.historical.spine_files import SpineFiles, find_files
from feature_store.historical.spine_frame_types import typed_frame
from feature_store.raw.readers.parquet_exact import Leaf, has_nanoseconds
from feature_store.registry.definitions import FeatureView
from feature_store.warehouse.errors import first_line
from feature_store.warehouse.read_only_query import one_query
from feature_store.warehouse.sql import identifier, literal, rows_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    SpineSource: TypeAlias = "pd.DataFrame | pa.Table | Path | str"

#: The kinds of spines.
_SOURCES = "a pandas or Arrow table, the path of a Parquet or CSV file, or a SQL query"
#: The name under which a query reads the spine.
SPINE = "_given_spine"
_FRAME = "_given_frame"
#: A double represents every whole number up to here, but not every one beyond.
_EXACT_IN_DOUBLE = 2**53
_TABLES = {("pandas", "DataFrame"), ("pyarrow", "Table"), ("pyarrow", "RecordBatch")}


@dataclass(frozen=True)
class Spine:
    """A spine that a connection can read as ``_given_spine``.

    Attributes:
        is_table: whether it is cheap to count its rows and to read them again.
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
        macros: the project's macros, which know the types that can be compared.

    Raises:
        FeatureStoreError: it cannot be read, or lacks the time or a key, or has a wrong type there.
    """
    keys = _keys(views)
    files = find_files(source)
    try:
        if _kind(source) == ("pandas", "DataFrame"):
            _register_frame(connection, typed_frame(source), keys, macros)
        else:
            _register(connection, source, files, time, keys)
        described = rows_of(connection, f"describe {SPINE}")
    except duckdb.Error as error:
        raise FeatureStoreError(
            f"the spine cannot be read: {first_line(error)}",
            allowed=_SOURCES,
            next_step="pass one of these",
        ) from error
    is_registered = not isinstance(source, (str, Path))
    parquet = files.paths if files and files.reader == "read_parquet" else ""
    columns = {row[0]: row[1] for row in described}
    spine = Spine(columns, time, is_registered or bool(parquet), is_registered)
    errors = [*_name_errors(_names(source, spine))]
    errors += _time_errors(connection, spine, parquet, macros)
    for key, data_type in keys:
        errors += _key_errors(connection, spine, key, data_type, macros)
    if errors:
        raise _wrong(errors)
    return spine


def _wrong(errors: Sequence[str]) -> FeatureStoreError:
    return FeatureStoreError(
        f"the spine cannot be joined: {counted(len(errors), 'error')}{bullets(errors)}",
        allowed="one column for each key of the features, of the key's type, and a time",
        next_step="correct these columns of the spine",
    )


def _register(
    connection: duckdb.DuckDBPyConnection,
    source: Any,
    files: SpineFiles | None,
    time: str,
    keys: Iterable[tuple[str, str]],
) -> None:
    if isinstance(source, (str, Path)):
        if files is None:
            query = one_query(str(source), "the spine")
        elif files.reader == "read_csv":
            query = csv_query(connection, files.paths, time, keys)
        else:
            query = f"select * from read_parquet({files.paths}{files.options})"
        connection.execute(f"create or replace temp view {SPINE} as {query}")
    elif _kind(source) in _TABLES:
        connection.register(SPINE, source)
    else:
        raise FeatureStoreError(
            f"the spine is a {type(source).__name__}",
            allowed=_SOURCES,
            next_step="pass one of these",
        )


def _register_frame(
    connection: duckdb.DuckDBPyConnection,
    frame: pd.DataFrame,
    keys: Iterable[tuple[str, str]],
    macros: ProjectMacros,
) -> None:
    """Make a pandas table readable; keys that became floats because of gaps are whole again."""
    connection.register(_FRAME, frame)
    types = {row[0]: row[1] for row in rows_of(connection, f"describe {_FRAME}")}
    casts, errors = [], []
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
            errors.append(
                f"key column {key} is of type {found}; {data_type} is allowed, or whole numbers "
                f"below 2^53; got {bad[0][0]}"
            )
        casts.append(f"if(isnan({column}), null, cast({column} as bigint)) as {column}")
    if errors:
        raise _wrong(errors)
    replaced = f"replace ({', '.join(casts)})" if casts else ""
    connection.execute(f"create or replace temp view {SPINE} as select * {replaced} from {_FRAME}")


def _kind(source: Any) -> tuple[str, str]:
    """Return package and class. A RecordBatchReader is no table: it can be read only once."""
    return type(source).__module__.split(".")[0], type(source).__name__


def _keys(views: Iterable[FeatureView]) -> list[tuple[str, str]]:
    keys = [(key.name, key.data_type) for view in views for key in view.entity]
    return [*dict.fromkeys(keys)]


def _names(source: Any, spine: Spine) -> list[str]:
    """Return the names as given: DuckDB renames the second of two equal ones."""
    given = {"pandas": "columns", "pyarrow": "column_names"}.get(_kind(source)[0])
    return [str(name) for name in getattr(source, given)] if given else [*spine.columns]


def _name_errors(given: Iterable[str]) -> list[str]:
    names = [name.lower() for name in given]
    twins = sorted({name for name in names if names.count(name) > 1})
    errors = [f"column {name} occurs more than once" for name in twins]
    return errors + [
        f"column {name}: names that begin with _spine_ are the join's own"
        for name in names
        if name.startswith("_spine_")
    ]


def _missing(spine: Spine, name: str, what: str) -> list[str]:
    if name in spine.columns:
        return []
    return [f"{what} {name} is missing; {near_names(name, spine.columns)}"]


def _time_errors(
    connection: duckdb.DuckDBPyConnection, spine: Spine, parquet: str, macros: ProjectMacros
) -> list[str]:
    errors = _missing(spine, spine.time, "time column")
    data_type = spine.columns.get(spine.time)
    if data_type:
        errors += _errors_of(
            connection, macros._time_type_error(f"time column {spine.time}", literal(data_type))
        )
    if data_type and _is_finer(connection, spine.time, data_type, parquet):
        # Rounded to microseconds, a time could match a row that was not there yet.
        errors.append(
            f"time column {spine.time} has parts of a microsecond; times rounded down to "
            "microseconds are allowed"
        )
    return errors


def _is_finer(
    connection: duckdb.DuckDBPyConnection, time: str, data_type: str, parquet: str
) -> bool:
    """Return whether the time column has parts of a microsecond."""
    if data_type in ("TIMESTAMP_NS", "TIMESTAMPTZ_NS"):
        finer = f"from {SPINE} where epoch_ns({identifier(time)}) % 1000 <> 0 limit 1"
        return bool(rows_of(connection, f"select 1 {finer}"))
    if not parquet:
        return False
    # DuckDB cuts times of this type while it reads them.
    of_type = f"from parquet_schema({parquet}) where type = 'INT96' and name = {literal(time)}"
    return any(
        has_nanoseconds(Path(file), Leaf(0, (time,), is_time=True, is_decimal=False))
        for (file,) in rows_of(connection, f"select distinct file_name {of_type}")
    )


def _errors_of(connection: duckdb.DuckDBPyConnection, error_sql: str) -> list[str]:
    """Return the error that a SQL expression gives, if it gives any."""
    return [text for (text,) in rows_of(connection, f"select {error_sql}") if text is not None]


def _key_errors(
    connection: duckdb.DuckDBPyConnection,
    spine: Spine,
    key: str,
    data_type: str,
    macros: ProjectMacros,
) -> list[str]:
    errors = _missing(spine, key, "key column")
    if errors:
        return errors
    wanted = f"typeof(cast(null as {data_type}))"
    error = macros._key_type_error(f"key column {key}", literal(spine.columns[key]), wanted)
    return _errors_of(connection, error)
