"""The text of feature values in Redis: written by SQL, and read back equal by Python."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from functools import cache
from typing import Any
from uuid import UUID

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.registry.definitions import Feature

#: The field of a hash that holds the row's feature time.
FEATURE_TIME = Feature("_feature_time", "timestamp", "Feature time of the row (UTC).")

INTEGERS = frozenset(
    f"{sign}{size}int" for sign in ("", "u") for size in ("tiny", "small", "big", "huge")
) | {"integer", "uinteger"}
TIMES = frozenset({"timestamp", "timestamp_s", "timestamp_ms", "timestamp with time zone"})
_NESTED = frozenset({"list", "array", "struct", "map"})
#: More digits than any decimal of DuckDB has.
_DIGITS = Context(prec=60)

SERVED_TYPES = (
    "integers, decimal, double, float, boolean, varchar, uuid, enum, json, date, timestamp, "
    "and lists, structs and maps of these"
)


@cache
def sql_type(data_type: str) -> duckdb.DuckDBPyType | None:
    """Return DuckDB's own reading of a type such as ``decimal(18,2)[]``; None if it has none."""
    try:
        return duckdb.sqltype(data_type)
    except duckdb.Error:
        return None


@cache
def type_id(data_type: str) -> str:
    """Return a type's base name: ``bigint`` for ``int8``, ``list`` for ``date[]``."""
    found = sql_type(data_type)
    if found is None:
        return "unknown"
    return "json" if str(found) == "JSON" else found.id


def text_sql(feature: Feature, column: str) -> str:
    """Return the SQL expression that writes a column as text; null stays null.

    Numbers are decimal text that reads back equal, times are ISO 8601 in UTC. The column is first
    cast to the declared type, which an older snapshot need not have.
    """
    reader(feature)
    base = type_id(feature.data_type)
    value = f"cast({column} as {feature.data_type})"
    if base in _NESTED or base == "json":
        return f"cast(to_json({value}) as varchar)"
    if base in TIMES:
        time = f"cast({value} as timestamp)"
        text = f"cast({time} as varchar)"
        # ISO 8601 has no infinite times: they stay as DuckDB writes them.
        return f"case when isfinite({time}) then replace({text}, ' ', 'T') || 'Z' else {text} end"
    if base == "float":
        # Python reads doubles, and the shortest text of a float is another double.
        return f"cast(cast({value} as double) as varchar)"
    return f"cast({value} as varchar)"


def reader(feature: Feature) -> Callable[[str], Any]:
    """Return the function that reads the text of a feature's value.

    Values are those of DuckDB's Python client, except that JSON is parsed and times have the zone
    UTC.
    """
    read = _reader(feature.data_type)
    if read is None:
        raise FeatureStoreError(
            f"feature {feature.name}: type {feature.data_type!r} cannot be served",
            allowed=SERVED_TYPES,
            next_step="cast it in the feature view, or do not serve the view",
        )
    return read


def json_sql(feature: Feature, column: str) -> str:
    """Return the SQL expression that writes a column as one element of a JSON array.

    Numbers (a decimal zero is ``0``), booleans, lists and structs are written as JSON has them;
    values of all other types, JSON included, as the text of :func:`text_sql` in a JSON string.
    Null is ``null``.
    """
    text = text_sql(feature, column)
    base = type_id(feature.data_type)
    if base in ("double", "float"):
        value = f"cast({column} as {feature.data_type})"
        text = f"case when isfinite({value}) then {text} else '\"' || {text} || '\"' end"
    elif base == "decimal" and dict(sql_type(feature.data_type).children)["scale"]:
        # Shorter, as most sums of short windows are zero; the reader adds the scale again.
        text = f"case when {column} = 0 then '0' else {text} end"
    elif base not in INTEGERS | _NESTED | {"decimal", "boolean"}:
        text = f"cast(to_json({text}) as varchar)"
    return f"coalesce({text}, 'null')"


def json_reader(feature: Feature) -> Callable[[Any], Any]:
    """Return the function that reads a parsed element of a JSON array, written by :func:`json_sql`.

    The array has to be parsed with ``parse_float=str``, so that no digit of a decimal is lost. The
    values are those of :func:`reader`.
    """
    read = reader(feature)
    base = type_id(feature.data_type)
    if base in INTEGERS | {"boolean"}:
        return lambda value: value
    return _converter(sql_type(feature.data_type)) if base in _NESTED else read


@cache
def _reader(data_type: str) -> Callable[[str], Any] | None:
    found = sql_type(data_type)
    if found is None:
        return None
    if type_id(data_type) == "json":
        return json.loads
    convert = _converter(found)
    if convert is None or found.id not in _NESTED:
        return convert
    return lambda text: convert(json.loads(text, parse_float=Decimal))


def _converter(found: duckdb.DuckDBPyType) -> Callable[[Any], Any] | None:
    """Return the function that makes a value of a type from its text, or from parsed JSON."""
    if str(found) == "JSON":
        return None  # inside a list or struct its numbers would be read as decimals
    if found.id in INTEGERS:
        return int
    if found.id in TIMES:
        return _read_time
    if found.id in _NESTED:
        return _nested_converter(found)
    if found.id == "decimal":
        step = step_of(str(found))
        return lambda value: Decimal(value).quantize(step, context=_DIGITS)
    return {
        "double": float,
        "float": float,
        "boolean": _read_boolean,
        "varchar": str,
        "enum": str,
        "uuid": UUID,
        "date": _read_date,
    }.get(found.id)


def step_of(data_type: str) -> Decimal:
    """Return the smallest positive number of a decimal type."""
    return Decimal(1).scaleb(-dict(sql_type(data_type).children)["scale"])


def _nested_converter(found: duckdb.DuckDBPyType) -> Callable[[Any], Any] | None:
    children = {name: child for name, child in found.children if name != "size"}
    converters = {name: _converter(child) for name, child in children.items()}
    if None in converters.values():
        return None

    def convert(name: str, value: Any) -> Any:
        return None if value is None else converters[name](value)

    if found.id == "struct":
        return lambda value: {name: convert(name, child) for name, child in value.items()}
    if found.id == "map":
        if children["key"].id in _NESTED:
            return None
        return lambda value: {
            convert("key", key): convert("value", child) for key, child in value.items()
        }
    return lambda value: [convert("child", child) for child in value]


def _read_boolean(value: str | bool) -> bool:
    if value not in (True, False, "true", "false"):
        raise ValueError(value)
    return value in (True, "true")


def _read_date(text: str) -> date:
    if text in ("infinity", "-infinity"):
        return date.min if text.startswith("-") else date.max
    return date.fromisoformat(text)


def _read_time(text: str) -> datetime:
    if text in ("infinity", "-infinity"):
        return (datetime.min if text.startswith("-") else datetime.max).replace(tzinfo=UTC)
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
