"""Reading a column of values at once, as a call for each value costs more than its parsing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, TypeAlias

import msgspec

from feature_store.display import shortened
from feature_store.errors import FeatureStoreError
from feature_store.online.layout.types import (
    FEATURE_TIME,
    INTEGERS,
    TIMES,
    json_reader,
    reader,
    type_id,
)
from feature_store.registry.definitions import Feature

#: Reads a column; for a value not of the type, and perhaps for a null, it raises ``BAD_VALUE``.
ColumnReader: TypeAlias = Callable[[Sequence[Any]], list[Any]]
#: What a reader raises where a value is not of its type.
BAD_VALUE = (ValueError, ArithmeticError, TypeError, KeyError, AttributeError, msgspec.MsgspecError)

#: The next step for a value that cannot be read; an export of changed rows would not send it.
EXPORT_ALL = "export everything again (feature-store export --full)"
#: Types whose text is a JSON number too, with the Python type of their values.
NUMBERS = dict.fromkeys(INTEGERS, int) | {"decimal": Decimal, "double": float, "float": float}

#: Cached, as many entities have the same feature time.
_read_time = lru_cache(maxsize=4096)(reader(FEATURE_TIME))


def read_times(column: Sequence[str | None]) -> list[datetime | None]:
    """Read a column of feature times."""
    return [None if text is None else _read_time(text) for text in column]


@cache
def value_reader(data_type: str, layout: str) -> Callable[[Any], Any]:
    """Return the function that reads one value of a type in a layout."""
    feature = Feature("", data_type, "")
    return json_reader(feature) if layout == "packed" else reader(feature)


@cache
def column_reader(data_type: str, layout: str) -> ColumnReader:
    """Return the fastest function that reads a column of a type, which may fail for nulls."""
    read = value_reader(data_type, layout)
    base = type_id(data_type)
    if layout == "hash" and base in NUMBERS:
        return _numbers_reader(NUMBERS[base])
    if base in ("varchar", "enum") or (layout == "packed" and base in INTEGERS | {"boolean"}):
        return list
    if base == "decimal":
        # A number with a fraction was parsed as text, with every digit of the scale.
        return lambda column: [
            Decimal(value) if type(value) is str else read(value) for value in column
        ]
    if base in TIMES:
        return lambda column: list(map(_read_time, column))
    return lambda column: list(map(read, column))


def _numbers_reader(kind: type) -> ColumnReader:
    """Return the reader of a column of numbers as text: one JSON array, decoded in C.

    Texts that are numbers in Python only, such as ``inf`` and ``nan``, are an error here;
    :func:`read_column` then reads the column value by value.
    """
    decode = msgspec.json.Decoder(list[kind | None]).decode

    def read(column: Sequence[str | None]) -> list[Any]:
        found = decode(f"[{','.join(['null' if text is None else text for text in column])}]")
        if len(found) != len(column) or found.count(None) != column.count(None):
            raise ValueError("a text is not a number")
        return found

    return read


def read_column(
    feature: Feature, layout: str, column: Sequence[Any], key_of: Callable[[int], str]
) -> list[Any]:
    """Read a column of one feature's values; None stays None."""
    try:
        return column_reader(feature.data_type, layout)(column)
    except BAD_VALUE:
        pass  # a null, an infinite number, or a bad value: find out below
    read = value_reader(feature.data_type, layout)
    return [
        None if value is None else read_value(feature, read, value, lambda row=row: key_of(row))
        for row, value in enumerate(column)
    ]


def read_value(
    feature: Feature, read: Callable[[Any], Any], value: Any, key: Callable[[], str]
) -> Any:
    """Read one value."""
    try:
        return read(value)
    except BAD_VALUE as error:
        shown = shortened(str(value), 40)
        raise FeatureStoreError(
            f"{key()}, field {feature.name}: {shown!r} cannot be read as {feature.data_type}",
            next_step=EXPORT_ALL,
        ) from error
