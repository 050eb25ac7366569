"""Makes values exact in Parquet, or an error where Parquet cannot represent them.

DuckDB writes integers of 128 bit as doubles and cuts intervals to milliseconds, both silently. Here
such integers become decimals. A value that a decimal or an interval of Parquet cannot represent is
an error, and so is either type inside a list, map or struct.
"""

from __future__ import annotations

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.raw.conversions.nested_types import fields_of, is_nested
from feature_store.warehouse.sql import identifier, literal, rows_of

_WIDE = ("HUGEINT", "UHUGEINT")
#: The start of the errors that such a query raises.
NOT_HELD = "not held by Parquet: "
_ADVICE = "cast it to varchar in the query of the labels, or leave it out"


def parquet_query(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """Return a query whose columns have types that Parquet holds exactly.

    Running it raises an error at a value that Parquet cannot represent.
    """
    casts = []
    for name, kind, *_ in rows_of(connection, f"describe {query}"):
        column = identifier(name)
        inside = _inner_kinds(kind) & {*_WIDE, "INTERVAL"} if is_nested(kind) else set()
        if inside:
            raise FeatureStoreError(
                f"column {name} is of type {kind.lower()}, and Parquet holds no "
                f"{min(inside).lower()} inside of it exactly",
                allowed="types that Parquet has",
                next_step=_ADVICE,
            )
        if kind in _WIDE:
            fits = f"try_cast({column} as decimal(38, 0))"
            casts.append(_checked(name, fits, f"{fits} is not null", "up to 38 digits"))
        elif kind == "INTERVAL":
            parts = ("year", "month", "day", "hour", "minute", "microsecond")
            is_whole = f"datepart('microsecond', {column}) % 1000 = 0" + "".join(
                f" and datepart('{part}', {column}) >= 0" for part in parts
            )
            casts.append(_checked(name, column, is_whole, "whole milliseconds, none negative"))
    if not casts:
        return query
    return f"select * replace ({', '.join(casts)}) from ({query}) as exact"


def _checked(name: str, value: str, is_held: str, allowed: str) -> str:
    """Return the SQL of a column that raises an error at a value that is not held."""
    column = identifier(name)
    message = literal(f"{NOT_HELD}column {name}: {allowed} are allowed, got ")
    return (
        f"case when {column} is null or {is_held} then {value} else "
        f"error({message} || cast({column} as varchar) || {literal(f'. Next: {_ADVICE}')}) "
        f"end as {column}"
    )


def _inner_kinds(kind: str) -> set[str]:
    _, fields = fields_of(kind)
    found: set[str] = set()
    for name, child in fields:
        if is_nested(child):
            found |= _inner_kinds(child)
        elif name != "size":
            found.add(child)
    return found
