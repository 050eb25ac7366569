"""How a value of a file becomes a value of its declared type, and when it does not.

The rule is that nothing is repaired or rounded: either the declared type holds the value as it
was received, or the value is a fault. DuckDB's own casts are more lenient (``'1.7'`` becomes the
integer 2, ``' 12'`` loses its space, an offset in a time is dropped), so each family of types
states what its text looks like.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from feature_store.raw.sql import literal

_INTEGERS = [
    f"{sign}{size}"
    for sign in ("", "U")
    for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
]
_TIMESTAMP_DIGITS = {
    "TIMESTAMP": 6,
    "TIMESTAMP WITH TIME ZONE": 6,
    "TIMESTAMP_S": 0,
    "TIMESTAMP_MS": 3,
    "TIMESTAMP_NS": 9,
}
#: The types that an event time may have.
EVENT_TIME_TYPES = ("DATE", *_TIMESTAMP_DIGITS)
_OFFSET = r" ?(Z|UTC|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)"


@dataclass(frozen=True)
class Conversion:
    """SQL for one column.

    Attributes:
        value: the value in its type; null where it is not valid.
        valid: true where the value is a null or survives unchanged; None if it always does.
        expects: what a valid value is, for the error message.
    """

    value: str
    valid: str | None
    expects: str


def _matches(column: str, pattern: str) -> str:
    return f"regexp_full_match({column}, {literal(pattern)})"


def _decimal(column: str, cast: str, kind: str) -> str:
    """Return the test of a decimal's text: no digit may be lost."""
    scale = int(re.search(r"(\d+)\)$", kind).group(1))  # type: ignore[union-attr]
    short = rf"|\.\d{{1,{scale}}}0*" if scale else ""
    plain = _matches(column, rf"[+-]?(\d+(\.\d{{0,{scale}}}0*)?{short})")
    # JSON writers may use an exponent.
    exponent = _matches(column, r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")
    same = f"try_cast({cast} as double) = try_cast({column} as double)"
    return f"({plain} or ({exponent} and {same}))"


def from_text(column: str, kind: str, *, empty_is_null: bool) -> Conversion:
    """Return the conversion of a text column.

    Args:
        column: SQL of the text.
        kind: the type's canonical name.
        empty_is_null: whether an empty text is null in a column that is no text (CSV).
    """
    if kind == "VARCHAR":
        return Conversion(column, None, "a text")
    if empty_is_null:
        column = f"nullif({column}, '')"
    cast = f"try_cast({column} as {kind})"
    if kind in _INTEGERS:
        shape, expects = _matches(column, r"[+-]?\d+(\.0*)?"), f"whole number ({kind.lower()})"
    elif kind in ("DOUBLE", "FLOAT"):
        number = _matches(column, r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
        shape, expects = f"({number} and isfinite({cast}))", f"number ({kind.lower()})"
    elif kind.startswith("DECIMAL"):
        shape, expects = _decimal(column, cast, kind), f"number of the type {kind.lower()}"
    elif kind == "DATE":
        shape, expects = _matches(column, r"\d{4}-\d{2}-\d{2}"), "date (2017-06-15)"
    elif kind in _TIMESTAMP_DIGITS:
        return _timestamp_from_text(column, kind, cast)
    else:
        shape, expects = f"{column} = trim({column})", f"value of the type {kind.lower()}"
    valid = f"({column} is null or coalesce({shape} and {cast} is not null, false))"
    return Conversion(cast, valid, expects)


def _timestamp_from_text(column: str, kind: str, cast: str) -> Conversion:
    """Return the conversion of a time's text: an offset is applied, without one it is UTC."""
    digits = _TIMESTAMP_DIGITS[kind]

    def time(fraction: int) -> str:
        return rf"[ T]\d{{2}}:\d{{2}}(:\d{{2}}(\.\d{{0,{fraction}}}0*)?)?"

    date = r"\d{4}-\d{2}-\d{2}"
    naive = _matches(column, f"{date}({time(digits)})?")
    offset = _matches(column, f"{date}{time(min(digits, 6))}{_OFFSET}")
    instant = f"try_cast({column} as timestamptz)"
    if kind != "TIMESTAMP WITH TIME ZONE":
        instant = f"try_cast(timezone('UTC', {instant}) as {kind})"
    value = f"case when {naive} then {cast} when {offset} then {instant} end"
    valid = f"({column} is null or ({value}) is not null)"
    return Conversion(f"({value})", valid, "time (2017-06-15 13:00:00, or with +02:00)")


def from_type(column: str, source: str, kind: str) -> Conversion:
    """Return the conversion of a typed column (Parquet): valid if it reads back equal."""
    if source == kind:
        return Conversion(column, None, kind.lower())
    if source == "VARCHAR":
        return from_text(column, kind, empty_is_null=False)
    cast = f"try_cast({column} as {kind})"
    back = f"try_cast({cast} as {source})"
    valid = f"({cast} is not null and {back} is not distinct from {column})"
    expects = f"value of the type {kind.lower()} ({source.lower()} in the file)"
    return Conversion(cast, f"({column} is null or {valid})", expects)
