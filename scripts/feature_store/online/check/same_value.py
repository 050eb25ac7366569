"""Comparison of values from the online store with values from the warehouse."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from feature_store.online.layout.types import INTEGERS, type_id
from feature_store.registry.definitions import Feature

_SAME_IN_BOTH = INTEGERS | {
    *("decimal", "double", "float", "boolean"),
    *("varchar", "enum", "uuid", "date"),
}


def offline_reader(feature: Feature) -> Callable[[Any], Any] | None:
    """Return the function that turns a value of DuckDB into what the online store returns for it.

    JSON is parsed, times have the zone UTC, arrays are lists; None if both are alike anyway.
    """
    base = type_id(feature.data_type)
    if base == "json":
        return json.loads
    return None if base in _SAME_IN_BOTH else _as_online


def _as_online(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, (list, tuple)):
        return [_as_online(child) for child in value]
    if isinstance(value, dict):
        return {_as_online(key): _as_online(child) for key, child in value.items()}
    return value


def same_value(one: Any, other: Any) -> bool:
    """Return whether two values are equal and of one type.

    NaN equals NaN here, and -0.0 does not equal 0.0; inside lists, structs and maps too.
    """
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        if one == other:
            return one != 0 or math.copysign(1, one) == math.copysign(1, other)
        return one != one and other != other
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same_value, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            same_value(child, other[key]) for key, child in one.items()
        )
    return one == other
