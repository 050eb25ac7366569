"""Gives pandas columns of Python objects the type that all of their values have.

DuckDB takes the type of such a column from a sample of its rows, and casts the others silently.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from numbers import Integral
from typing import TYPE_CHECKING, Any

from feature_store.errors import FeatureStoreError

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = ({"int", "float"}, {"int", "Decimal"})


def typed_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose object columns have the type that all of their values have."""
    if frame.columns.is_unique:
        for name in frame.columns:
            _check_precision(name, frame[name])
    objects = [
        name for name in frame.columns if frame.columns.is_unique and _is_object(frame[name])
    ]
    if not objects:
        return frame
    import pandas as pd
    import pyarrow as pa

    # DuckDB reads any other index as a column.
    typed = frame.reset_index(drop=True)
    for name in objects:
        column = frame[name].astype(object)
        kinds = sorted({_kind(value) for value in column[column.notna()]})
        if len(kinds) > 1 and not any(set(kinds) <= numbers for numbers in _NUMBERS):
            raise _several_types(name, kinds)
        try:
            values = pa.array(column, from_pandas=True)
        except (pa.ArrowException, TypeError, OverflowError):
            if len(kinds) > 1:  # such as 1.5 and an integer that no float is
                raise _several_types(name, kinds) from None
            continue  # no type of Arrow, such as integers beyond 64 bit
        if not pa.types.is_null(values.type):
            typed[name] = pd.Series(pd.arrays.ArrowExtensionArray(values))
    return typed


def _several_types(name: Any, kinds: list[str]) -> FeatureStoreError:
    return FeatureStoreError(
        f"column {name} of the spine holds values of several types: {', '.join(kinds)}",
        allowed="one type a column, and times all with a zone or all without",
        next_step=f"convert it, for times with pd.to_datetime(df[{name!r}], utc=True)",
    )


def _is_object(column: Any) -> bool:
    categories = getattr(column.dtype, "categories", None)
    return column.dtype == object or (
        categories is not None and {*map(type, categories)} not in ({str}, set())
    )


def _check_precision(name: Any, column: Any) -> None:
    """Refuse times with parts of a microsecond, which SQL would cut."""
    dtype = column.dtype
    if getattr(dtype, "tz", None) is not None and dtype.unit == "ns":
        is_finer = bool((column.dropna().dt.nanosecond).any())
    else:
        is_finer = _is_object(column) and any(
            getattr(value, "nanosecond", 0) for value in column[column.notna()]
        )
    if is_finer:
        raise FeatureStoreError(
            f"column {name} of the spine has parts of a microsecond",
            allowed="times to the microsecond",
            next_step=f"round them down, with df[{name!r}].dt.floor('us')",
        )


def _kind(value: Any) -> str:
    if isinstance(value, datetime):
        return "time with a zone" if value.tzinfo else "time without a zone"
    if isinstance(value, Integral) and not isinstance(value, bool):
        return "int"  # numpy's own integers too
    for kind in (bool, float, str, bytes, Decimal, date, dict, list):
        if isinstance(value, kind):
            return kind.__name__
    return type(value).__name__
