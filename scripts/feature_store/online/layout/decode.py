"""Reading a column of values at once: a call for each value costs more than the reading itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, TypeAlias

import msgspec

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

#: Reads a column; what is no value of the type is an error of any kind, and so may be a null.
ColumnReader: TypeAlias = Callable[[Sequence[Any]], list[Any]]
#: What a reader raises where a value is not of its type.
BAD_VALUE = (ValueError, ArithmeticError, TypeError, KeyError, AttributeError, msgspec.MsgspecError)

#: What repairs a value that cannot be read; an export of what changed would not send it.
EXPORT_ALL = "export everything again (scripts/export_to_redis.py --full)"
#: Numbers that are alike as text, in Python and in JSON.
_NUMBERS = dict.fromkeys(INTEGERS, int) | {"decimal": Decimal, "double": float, "float": float}

#: Entities often have their feature times in common.
_read_time = lru_cache(maxsize=4096)(reader(FEATURE_TIME))


def read_times(column: Sequence[str | None]) -> list[datetime | None]:
    """Read a column of feature times.

    Raises:
        ValueError, TypeError: a value is no time.
    """
    return [None if text is None else _read_time(text) for text in column]


@cache
def value_reader(data_type: str, layout: str) -> Callable[[Any], Any]:
    """Return the function that reads one value of a type as it stands in a layout.

    Raises:
        FeatureStoreError: values of the type cannot be served.
    """
    feature = Feature("", data_type, "")
    return json_reader(feature) if layout == "packed" else reader(feature)


@cache
def column_reader(data_type: str, layout: str) -> ColumnReader:
    """Return the function that reads a column of a type, most often one without nulls.

    Raises:
        FeatureStoreError: values of the type cannot be served.
    """
    read = value_reader(data_type, layout)
    base = type_id(data_type)
    if layout == "hash" and base in _NUMBERS:
        return _numbers_reader(_NUMBERS[base])
    if base in ("varchar", "enum") or (layout == "packed" and base in INTEGERS | {"boolean"}):
        return list
    if base == "decimal":
        # With a fraction it is text, which has every digit of the scale; a zero is a number.
        return lambda column: [
            Decimal(value) if type(value) is str else read(value) for value in column
        ]
    if base in TIMES:
        return lambda column: list(map(_read_time, column))
    return lambda column: list(map(read, column))


def _numbers_reader(kind: type) -> ColumnReader:
    """Return the reader of a column of numbers as text: one JSON array, decoded in C.

    Texts that Python takes for numbers and JSON does not, ``inf`` and ``nan`` among them, are an
    error here, and are read one by one.
    """
    decode = msgspec.json.Decoder(list[kind | None]).decode

    def read(column: Sequence[str | None]) -> list[Any]:
        found = decode(f"[{','.join(['null' if text is None else text for text in column])}]")
        if len(found) != len(column) or found.count(None) != column.count(None):
            raise ValueError("a text is no number")
        return found

    return read


def read_column(
    feature: Feature, layout: str, column: Sequence[Any], key_of: Callable[[int], str]
) -> list[Any]:
    """Read a column of one feature's values; None stays None.

    Args:
        feature: the feature, for its type.
        layout: how the values stand in the online store.
        column: one value a row.
        key_of: gives the key of a row, for the error.

    Raises:
        FeatureStoreError: a value cannot be read; names its key.
    """
    try:
        return column_reader(feature.data_type, layout)(column)
    except BAD_VALUE:
        pass  # a null, an infinite number, or what is no value
    read = value_reader(feature.data_type, layout)
    return [
        None if value is None else read_value(feature, read, value, lambda row=row: key_of(row))
        for row, value in enumerate(column)
    ]


def read_value(
    feature: Feature, read: Callable[[Any], Any], value: Any, key: Callable[[], str]
) -> Any:
    """Read one value.

    Raises:
        FeatureStoreError: it cannot be read; names its key.
    """
    try:
        return read(value)
    except BAD_VALUE as error:
        text = str(value)
        shown = text if len(text) <= 40 else text[:40] + "…"
        raise FeatureStoreError(
            f"{key()}, field {feature.name}: {shown!r} cannot be read as {feature.data_type}",
            next_step=EXPORT_ALL,
        ) from error
