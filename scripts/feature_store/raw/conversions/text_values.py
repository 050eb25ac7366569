"""SQL that converts the text of a value to a type exactly.

DuckDB's casts accept more than a loader may: they round (``'1.7'`` is the integer 2), trim
(``' 12'``), drop (a time's offset, digits beyond the microsecond) and interpret (``'1_000'``,
``'0x10'``, ``'yes'``, ``'epoch'``). So each family of types has a pattern of its texts; for the
other types, the cast back must give the same text.
"""

from __future__ import annotations

import re

from feature_store.raw.conversions.sql_builders import bound, matches
from feature_store.warehouse.sql import literal

INTEGERS = [
    f"{sign}{size}"
    for sign in ("", "U")
    for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
]
FLOATS = ("DOUBLE", "FLOAT")
#: Whole numbers below these are exact; above, neighbouring integers are one float.
_WHOLE_LIMIT = {"DOUBLE": 2**53, "FLOAT": 2**24}
TIMESTAMP_DIGITS = {
    "TIMESTAMP": 6,
    "TIMESTAMP WITH TIME ZONE": 6,
    "TIMESTAMP_S": 0,
    "TIMESTAMP_MS": 3,
    "TIMESTAMP_NS": 9,
    "TIMESTAMPTZ_NS": 9,
}
_ZONED = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")
_OFFSET = r" ?(Z|UTC|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)"
_DATE = r"\d{4}-\d{2}-\d{2}"
_WHOLE = r"[+-]?\d+(\.0*)?"
_NUMBER = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"
_EXPONENT = r"([+-]?)(\d*)\.?(\d*)[eE]([+-]?\d+)"
_COUNT = r"-?\d+ (year|month|week|day|hour|minute|second)s?"

_SHORTEST = r"""
    case
        when regexp_full_match(n, '-?0*(\.0*)?') then '0'
        when regexp_full_match(n, '-?\d+') then regexp_replace(n, '^(-?)0+', '\1')
        when regexp_full_match(n, '-?\d+\.\d*')
            then regexp_replace(regexp_replace(n, '^(-?)0+(\d)', '\1\2'), '\.?0*$', '')
    end"""


def _time(digits: int) -> str:
    return rf"([01]\d|2[0-3]):\d{{2}}(:\d{{2}}(\.\d{{0,{digits}}}0*)?)?"


_SHAPES = {
    **dict.fromkeys(INTEGERS, (_WHOLE, "whole number ({})")),
    "BIGNUM": (_WHOLE, "whole number ({})"),
    "BOOLEAN": ("(?i)true|false|t|f|1|0", "boolean (true, false, t, f, 1, 0)"),
    "DATE": (_DATE, "date (2017-06-15)"),
    "TIME": (_time(6), "time of day (13:00:00)"),
    "TIME_NS": (_time(9), "time of day (13:00:00)"),
    "TIME WITH TIME ZONE": (_time(6) + r"([+-]\d{2}(:?\d{2})?)?", "time of day (13:00:00+02)"),
    "UUID": ("(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "uuid (8-4-4-4-12 digits)"),
    "BIT": ("[01]+", "bit text (0101)"),
    "INTERVAL": (
        rf"({_COUNT}( {_COUNT})*( -?\d+:\d{{2}}:\d{{2}}(\.\d{{1,6}}0*)?)?"
        r"|-?\d+:\d{2}:\d{2}(\.\d{1,6}0*)?)",
        "interval in whole units (1 month 2 days 03:04:05)",
    ),
}


def plain_number(column: str) -> str:
    """Return the SQL of a number's text without an exponent: 1.5e2 becomes 150.

    Other texts stay as they are; an exponent beyond 400 gives null.
    """
    point = "(length(p.whole) + p.exponent::integer)"
    digits = "(p.whole || p.fraction)"
    parts = f"regexp_extract({column}, {literal('^' + _EXPONENT + '$')}, "
    parts += "['sign', 'whole', 'fraction', 'exponent'])"
    body = f"""
        case when try_cast(p.exponent as integer) between -400 and 400 then p.sign || case
            when {point} <= 0 then '0.' || repeat('0', -{point}) || {digits}
            when p.exponent::integer >= length(p.fraction)
                then {digits} || repeat('0', p.exponent::integer - length(p.fraction))
            else left({digits}, {point}) || '.' || substr({digits}, {point} + 1)
        end end"""
    return (
        f"case when {matches(column, _EXPONENT)} then {bound(parts, 'p', body)} else {column} end"
    )


def number_text(number: str) -> str:
    """Return the SQL of a number's shortest text without an exponent; null for other texts.

    It has no sign of a zero and no leading or trailing zeros, so that a number has only one text:
    123.0, 1.23e2 and 123 become 123.
    """
    return bound(plain_number(number), "n", _SHORTEST)


def float_text(column: str, kind: str) -> str:
    """Return the SQL of the text of a double or float, or null.

    NaN and the infinities have no text, nor have whole numbers that are so large that neighbouring
    integers are the same float.
    """
    is_known = f"({column} <> trunc({column}) or abs({column}) < {_WHOLE_LIMIT[kind]})"
    text = f"{column}::varchar"
    return f"case when isfinite({column}) and {is_known} then {number_text(text)} end"


def _float_test(column: str, cast: str, kind: str) -> str:
    """Return the test that a text is a float; a whole number must be exactly that float."""
    same = f"try_cast({cast} as hugeint) = try_cast({column} as hugeint)"
    short = f"length({column}) < {len(str(_WHOLE_LIMIT[kind]))}"
    is_kept = f"({short} or not {matches(column, _WHOLE)} or {same})"
    is_no_underflow = f"({cast} <> 0 or {matches(column, '[+-]?[0.]+([eE].*)?')})"
    return f"{matches(column, _NUMBER)} and isfinite({cast}) and {is_kept} and {is_no_underflow}"


def _timestamp(column: str, kind: str) -> str:
    """Return the SQL of the time of a text: an offset is applied, without one it is UTC."""
    digits = TIMESTAMP_DIGITS[kind]
    naive = matches(column, f"{_DATE}([ T]{_time(digits)})?")
    offset = matches(column, f"{_DATE}[ T]{_time(digits)}{_OFFSET}")
    instant = f"try_cast({column} as {'timestamptz_ns' if digits == 9 else 'timestamptz'})"
    if kind not in _ZONED:
        utc = f"{instant}::timestamp_ns" if digits == 9 else f"timezone('UTC', {instant})"
        instant = f"try_cast({utc} as {kind})"
    return f"case when {naive} then try_cast({column} as {kind}) when {offset} then {instant} end"


def scalar_from_text(column: str, kind: str) -> tuple[str, str, str]:
    """Return the conversion of a text to a type that is not nested.

    Returns:
        SQL of the value, SQL that is true where the text is valid, and the name of a valid text.
    """
    cast = f"try_cast({column} as {kind})"
    if kind == "VARCHAR":
        return column, "true", "text"
    if kind in TIMESTAMP_DIGITS:
        value = _timestamp(column, kind)
        return f"({value})", f"({value}) is not null", "time (2017-06-15 13:00:00, or with +02:00)"
    if kind in FLOATS:
        return cast, _float_test(column, cast, kind), f"number ({kind.lower()})"
    if kind.startswith("DECIMAL"):
        scale = int(re.search(r"(\d+)\)$", kind).group(1))  # type: ignore[union-attr]
        short = rf"|\.\d{{1,{scale}}}0*" if scale else ""
        number = plain_number(column)
        shape = matches(f"({number})", rf"[+-]?(\d+(\.\d{{0,{scale}}}0*)?{short})")
        cast = f"try_cast({number} as {kind})"
        test = f"{matches(column, _NUMBER)} and {shape} and {cast} is not null"
        return cast, test, f"number of the type {kind.lower()}"
    if kind == "BLOB":
        # A backslash is ambiguous: DuckDB writes bytes as \xAB, other programs do not.
        return f"encode({column})", f"not contains({column}, '\\')", "text without a backslash"
    if kind in _SHAPES:
        pattern, expects = _SHAPES[kind]
        test = f"{matches(column, pattern)} and {cast} is not null"
        return cast, test, expects.format(kind.lower())
    return cast, f"{cast}::varchar = {column}", f"value of the type {kind.lower()}"
