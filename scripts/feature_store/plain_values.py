"""Values as JSON and a terminal have them."""

from __future__ import annotations

import math
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from typing import Any


def plain(value: Any) -> Any:
    """Return a value that JSON has; what JSON lacks (decimals, times) becomes its text.

    A dataclass becomes a mapping; a time in UTC ends in Z.
    """
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, dict):
        return {str(key): plain(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(child) for child in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def shown(value: Any) -> str:
    """Return a value in one line for a person: ``null`` for None, times to the second or finer.

    Control characters, line ends among them, stand as their escapes.
    """
    if value is None:
        return "null"
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ")
    text = str(plain(value))
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def minute(time: datetime | None) -> str:
    """Return a time to the minute, or to what it has beyond that; nothing for None."""
    if time is None:
        return ""
    if time.second or time.microsecond:
        return shown(time)
    return f"{time:%Y-%m-%d %H:%M}"
