"""An oracle of exact conversions: the value of a text or of JSON in a declared type.

It does not use DuckDB but Python's decimal, datetime, json and struct. ``REJECTED`` means that the
type does not have the value.
"""

from __future__ import annotations

import json
import math
import re
import struct
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

REJECTED = object()
INTEGERS = {
    "tinyint": (-(2**7), 2**7 - 1),
    "utinyint": (0, 2**8 - 1),
    "integer": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
    "ubigint": (0, 2**64 - 1),
    "hugeint": (-(2**127), 2**127 - 1),
    "uhugeint": (0, 2**128 - 1),
}
DECIMALS = {"decimal(4,2)": (4, 2), "decimal(18,6)": (18, 6), "decimal(38,2)": (38, 2)}
DECIMALS |= {"decimal(38,20)": (38, 20), "decimal(5,0)": (5, 0)}
TIMES = {"timestamp_s": 0, "timestamp_ms": 3, "timestamp": 6, "timestamptz": 6, "timestamp_ns": 9}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def number(text: str) -> Fraction | None:
    """Return the exact number of a text, or None."""
    if not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?", text):
        return None
    return Fraction(Decimal(text)) if abs(Decimal(text).adjusted()) < 5000 else None


def nanoseconds(text: str, digits: int) -> Any:
    """Return the nanoseconds since 1970 of a time's text, or REJECTED."""
    match = re.fullmatch(
        r"(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d*))?)?"
        r"( ?(?:Z|UTC|[+-]\d\d(?::?\d\d)?))?)?",
        text,
    )
    if not match:
        return REJECTED
    *parts, fraction, offset = match.groups()
    try:
        whole = datetime(*(int(part or 0) for part in parts), tzinfo=UTC)
    except ValueError:
        return REJECTED
    fraction = (fraction or "").rstrip("0")
    if len(fraction) > digits:
        return REJECTED
    shift = 0
    if offset and offset.strip() not in ("Z", "UTC"):
        sign, hours, minutes = re.fullmatch(r" ?([+-])(\d\d):?(\d\d)?", offset).groups()
        shift = int(f"{sign}1") * (int(hours) * 3600 + int(minutes or 0) * 60)
    seconds = (whole - EPOCH) // timedelta(seconds=1) - shift
    return seconds * 10**9 + int((fraction or "0").ljust(9, "0"))


def scalar(kind: str, text: str) -> Any:
    """Return the value of a text in a type that is not nested, or REJECTED."""
    exact = number(text)
    if kind == "varchar":
        return text
    if kind == "blob":
        return text.encode()
    if kind in INTEGERS:
        low, high = INTEGERS[kind]
        is_whole = exact is not None and exact.denominator == 1
        return int(exact) if is_whole and low <= exact <= high else REJECTED
    if kind in DECIMALS:
        precision, scale = DECIMALS[kind]
        if exact is None or (exact * 10**scale).denominator != 1:
            return REJECTED
        return exact if abs(exact) * 10**scale < 10**precision else REJECTED
    if kind in ("double", "float"):
        try:
            value = REJECTED if exact is None else float(text)
            if kind == "float" and exact is not None:
                (value,) = struct.unpack("f", struct.pack("f", value))
        except OverflowError:
            return REJECTED
        return REJECTED if value is REJECTED or math.isinf(value) else value
    if kind in TIMES:
        return nanoseconds(text, TIMES[kind])
    if kind == "boolean":
        known = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
        return known.get(text.lower(), REJECTED)
    try:
        if kind == "date":
            return date.fromisoformat(text) if re.fullmatch(r"\d{4}-..-..", text) else REJECTED
        if kind == "time":
            found = nanoseconds(f"1970-01-01 {text}", 6)
            return found if re.fullmatch("[0-9:.]+", text) else REJECTED
        if kind == "uuid":
            is_uuid = re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text)
            return UUID(text) if is_uuid else REJECTED
    except ValueError:
        return REJECTED
    raise NotImplementedError(kind)


def nested(kind: str, value: Any) -> Any:
    """Return the value of parsed JSON (numbers are ``Number``) in a nested type, or REJECTED."""
    if value is None:
        return None
    if kind.endswith("[]") or kind.endswith("[2]"):
        child, size = kind.rsplit("[", 1)
        if not isinstance(value, list) or (size == "2]" and len(value) != 2):
            return REJECTED
        items = [nested(child, item) for item in value]
        return REJECTED if REJECTED in items else items
    if kind == "struct(a integer, b varchar)":
        if not isinstance(value, dict) or not value.keys() <= {"a", "b"}:
            return REJECTED
        parts = {"a": nested("integer", value.get("a")), "b": nested("varchar", value.get("b"))}
        return REJECTED if REJECTED in parts.values() else parts
    if kind == "map(varchar, decimal(18,6))":
        if not isinstance(value, dict):
            return REJECTED
        parts = {key: nested("decimal(18,6)", item) for key, item in value.items()}
        return REJECTED if REJECTED in parts.values() else parts
    return json_scalar(kind, value)


class JsonText:
    """Equal to every text of the same JSON.

    Args:
        value: the parsed JSON.
    """

    def __init__(self, value: Any):
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and with_numbers(read_json(other)) == with_numbers(self.value)

    __hash__ = None  # type: ignore[assignment]


def with_numbers(value: Any) -> Any:
    """Return parsed JSON with fractions for its numbers, so that 1.0 equals 1."""
    if isinstance(value, Number):
        return Fraction(value)
    if isinstance(value, list):
        return [with_numbers(item) for item in value]
    return {k: with_numbers(v) for k, v in value.items()} if isinstance(value, dict) else value


def read_json(text: str) -> Any:
    """Return parsed JSON with numbers as ``Number``, or REJECTED if it is not valid."""

    def pairs(items: list[tuple[str, Any]]) -> Any:
        return dict(items) if len(dict(items)) == len(items) else REJECTED

    def reject(constant: str) -> Any:
        raise ValueError(constant)

    try:
        return json.loads(
            text,
            parse_float=Number,
            parse_int=Number,
            parse_constant=reject,
            object_pairs_hook=pairs,
        )
    except ValueError:
        return REJECTED


class Number(str):
    """The text of a number in JSON."""


def json_scalar(kind: str, value: Any) -> Any:
    """Return the value of parsed JSON in a type that is not nested, or REJECTED."""
    if value is None:
        return None
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, (list, dict)):
        return JsonText(value) if kind == "varchar" else REJECTED
    if kind == "varchar" and isinstance(value, Number):
        return plain(Fraction(Decimal(value)))
    return REJECTED if kind == "blob" and isinstance(value, Number) else scalar(kind, value)


def plain(value: Fraction) -> str:
    """Return the shortest text of a number, without an exponent."""
    if value.denominator == 1:
        return str(value.numerator)
    text = format(Decimal(value.numerator) / Decimal(value.denominator), "f")
    return text.rstrip("0").rstrip(".")
