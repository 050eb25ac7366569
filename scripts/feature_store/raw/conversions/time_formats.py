"""Times in a declared format: checking of formats, and the conversion of their texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from feature_store.errors import declaration_error
from feature_store.raw.conversions.conversion import EVENT_TIME_TYPES, Conversion
from feature_store.raw.conversions.sql_builders import bound, matches
from feature_store.raw.conversions.text_values import TIMESTAMP_DIGITS
from feature_store.warehouse.sql import literal

if TYPE_CHECKING:  # sources.py imports this module
    from feature_store.raw.sources import RawTable

_MONTHS = "january february march april may june july august september october november december"
#: The directives with the patterns of their texts. Beside another number all digits are needed.
_DIRECTIVES = {
    "d": r"\d{1,2}",
    "m": r"\d{1,2}",
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "H": r"\d{1,2}",
    "I": r"\d{1,2}",
    "M": r"[0-5]\d",
    "S": r"[0-5]\d",
    "f": r"\d{1,6}",
    "p": "(?i:AM|PM)",
    "b": "(?i:" + "|".join(month[:3] for month in _MONTHS.split()) + ")",
    "B": "(?i:" + "|".join(_MONTHS.split()) + ")",
    "z": r"[+-]([01]\d|2[0-3])(:?[0-5]\d)?",
}
_ALLOWED = (
    "directives of strptime: " + " ".join(f"%{name}" for name in _DIRECTIVES) + " %%, with a day, "
    "a month and a year, for instance '%d.%m.%Y %H:%M'"
)


def _parts(text: str) -> list[str]:
    return re.findall(r"%.|[^%]|%$", text, re.DOTALL)


def check_format(text: object, where: str) -> str:
    """Return a format of times if it can be read in one way only."""
    names = [part[1:] for part in _parts(text)] if isinstance(text, str) else []
    used = [name for name in names if name and name != "%"]
    unknown = [f"%{name}" for name in used if name not in _DIRECTIVES]
    has = set(used).__contains__
    reason = None
    if not isinstance(text, str) or not used:
        reason = "no directive such as %d"
    elif "%" in _parts(text):
        reason = "a % at its end"
    elif unknown:
        reason = f"unknown directive {', '.join(unknown)}"
    elif len(used) != len(set(used)):
        reason = "a directive twice"
    elif not has("d") or has("m") + has("b") + has("B") != 1 or has("Y") + has("y") != 1:
        reason = "not one day, one month and one year"
    elif (has("H") and has("I")) or has("I") != has("p"):
        reason = "no clear hour: %H, or %I with %p"
    elif (has("M") and not (has("H") or has("I"))) or (has("S") and not has("M")):
        reason = "minutes without hours, or seconds without minutes"
    elif has("f") and not has("S"):
        reason = "%f without %S"
    if reason is not None:
        raise declaration_error(f"{where} is {text!r}: {reason}", _ALLOWED)
    assert isinstance(text, str)
    return text


def _pattern(text: str) -> str:
    """Return the regular expression of the texts that a format reads in one way only."""
    parts, pattern = _parts(text), ""
    for i, part in enumerate(parts):
        if len(part) == 1 or part == "%%":
            pattern += re.escape(part[-1])
            continue
        near = [parts[j] for j in (i - 1, i + 1) if 0 <= j < len(parts)]
        is_near = any(
            (len(other) == 2 and other not in ("%%", "%p", "%b", "%B", "%z")) or other.isdigit()
            for other in near
        )
        digits = _DIRECTIVES[part[1]]
        pattern += digits.replace("{1,", "{") if is_near else digits
    return pattern


def format_of(table: RawTable, name: str, kind: str) -> str | None:
    """Return the declared format of a column's times, or None."""
    if name in table.time_formats:
        return table.time_formats[name]
    is_time = kind in TIMESTAMP_DIGITS or kind == "DATE" or name == table.event_time
    return table.time_format if is_time else None


def check_columns(table: RawTable, kinds: dict[str, str]) -> None:
    """Check that columns with a format of their own are times."""
    for name in table.time_formats:
        kind = kinds[name]
        is_time = kind in TIMESTAMP_DIGITS or kind == "DATE"
        if not is_time and not (kind == "VARCHAR" and name == table.event_time):
            raise declaration_error(
                f"{table.declared_in}: table {table.name}: config.meta.load.time_format names "
                f"{name}, which is of the type {table.columns[name]}",
                "columns of the types " + ", ".join(t.lower() for t in EVENT_TIME_TYPES),
            )


def _parsed(column: str, text: str) -> str:
    parsed = f"try_strptime({column}, {literal(text)})"
    if "%z" in _parts(text):
        parsed = f"timezone('UTC', {parsed})"
    return (
        f"case when {matches(column, _pattern(text))} and {parsed} >= timestamp '0001-01-01' "
        f"then {parsed} end"
    )


def from_format(column: str, kind: str, text: str, *, empty_is_null: bool) -> Conversion:
    """Return the conversion of a text column with times in a format."""
    if empty_is_null:
        column = f"nullif({column}, '')"
    value = bound(_parsed(column, text), "t", f"try_cast(t as {kind})")
    is_same = f"coalesce(try_cast(try_cast(t as {kind}) as timestamp) = t, false)"
    test = f"({column} is null or coalesce({bound(_parsed(column, text), 't', is_same)}, false))"
    return Conversion(value, test, f"time in the format {text}")


def checked_text(conversion: Conversion, text: str) -> Conversion:
    """Return the conversion to a text that holds times in a format."""
    value = conversion.value
    test = f"({value} is null or ({_parsed(value, text)}) is not null)"
    if conversion.valid is not None:
        test = f"({conversion.valid} and {test})"
    return Conversion(value, test, f"time in the format {text}")


def event_time_of(table: RawTable, value: str, kind: str) -> str:
    """Return the SQL of the event time of a row.

    ``kind`` is the type of its column: a time or, where a format is declared, a text.
    """
    if kind != "VARCHAR":
        return value
    text = format_of(table, str(table.event_time), kind)
    return f"({_parsed(value, str(text))})"
