"""A view with a feature of every type, and values of each that are hard to keep exact."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from support.projects.tiny_store import View

WIDTHS = {"tinyint": 8, "smallint": 16, "integer": 32, "bigint": 64, "hugeint": 128}
SIGNED = {name: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for name, bits in WIDTHS.items()}
UNSIGNED = {f"u{name}": (0, 2**bits - 1) for name, bits in WIDTHS.items()}
INTEGERS = SIGNED | UNSIGNED
TEXTS = [
    *("", " ", "plain", "null", "line\nbreak", "tab\tbell\x07", "nul\x00inside"),
    *("CR\r\nLF\r\n$3\r\n-ERR no\r\n", "-ERR begins like a reply"),
    *('it\'s "quoted" \\ and `ticked`', "{braces} | pipes : colons % percent"),
    *("naïve café, Straße, Ελληνικά, 日本語", "😀👩‍👩‍👧‍👦", "x" * 100_000),
]
DOUBLES = [0.1, 1 / 3, -0.0, 0.0, 1e308, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308]
DOUBLES += [123456789.123456789, -1e22, 1e23, 2.0**53 + 1, math.inf, -math.inf, math.nan]
CASES: dict[str, list[Any]] = {
    **{name: [low, high, 0, 1] for name, (low, high) in INTEGERS.items()},
    "decimal(38,2)": [Decimal("9" * 36 + ".99"), Decimal("-" + "9" * 36 + ".99"), Decimal("-0.05")],
    "decimal(18,6)": [Decimal("123456789012.345678"), Decimal("0.000001"), Decimal("1.500000")],
    "decimal(4,0)": [Decimal(7)],
    "double": DOUBLES,
    "float": [0.1, 3.4028234663852886e38, -0.0, math.inf, math.nan],
    "boolean": [True, False],
    "varchar": TEXTS,
    "date": [date(2017, 1, 1), date(1, 1, 1), date(1969, 12, 31), date.max, date.min],
    "timestamp": [
        datetime(2017, 1, 1),
        datetime(2017, 1, 1, 23, 59, 59, 999999),
        datetime(1969, 12, 31, 23, 59, 59, 500000),
        datetime(1, 1, 1, 0, 0, 0, 1),
        datetime(9999, 12, 31, 23, 59, 59, 999998),
        datetime.max,  # stands for infinity in DuckDB's client
    ],
    "timestamp_ms": [datetime(1950, 6, 1, 12, 0, 0, 7000)],
    "timestamptz": [datetime(2017, 1, 1, 5, 30, tzinfo=UTC)],
    "uuid": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
    "enum('Low', 'high; it''s')": ["Low", "high; it's"],
    "integer[]": [[], [1, None, -3]],
    "integer[3]": [[1, 2, 3]],
    "varchar[]": [TEXTS[:-1]],
    "double[]": [DOUBLES],
    "decimal(18,2)[]": [[Decimal("1234567890123456.78"), Decimal("0.10"), Decimal(2), None]],
    "hugeint[][]": [[[2**127 - 1], [], None]],
    "timestamp[]": [[datetime(1969, 1, 1, 0, 0, 0, 500000)]],
    'struct(Kind varchar, "two words" decimal(9,3), day date)': [
        {"Kind": 'x"y', "two words": Decimal("1.250"), "day": date(2020, 2, 29)},
        {"Kind": None, "two words": None, "day": None},
    ],
    "struct(a integer, b struct(c boolean)[])[]": [[{"a": 1, "b": [{"c": True}, None]}]],
    "map(varchar, double)": [{"a": 0.1, "b": None}],
    "map(date, integer)": [{date(2020, 1, 1): 1}],
}


def expected(value: Any) -> Any:
    """Return a value of DuckDB's client as the online store gives it: times with zone, lists."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, (list, tuple)):
        return [expected(child) for child in value]
    if isinstance(value, dict):
        return {expected(key): expected(child) for key, child in value.items()}
    return value


def exactly(value: Any) -> Any:
    """Return what tells values apart that ``==`` does not: types, -0.0, nan, a decimal's scale."""
    if isinstance(value, list):
        return [exactly(child) for child in value]
    if isinstance(value, dict):
        return [(exactly(key), exactly(child)) for key, child in value.items()]
    return type(value), repr(value)


TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
WHOLE_DAYS = st.dates()
TIMES = st.datetimes(allow_imaginary=False)
RANDOM: dict[str, st.SearchStrategy[Any]] = {
    **{name: st.integers(low, high) for name, (low, high) in INTEGERS.items()},
    "decimal(38,2)": st.integers(1 - 10**38, 10**38 - 1).map(lambda n: f"{n}e-2").map(Decimal),
    "decimal(18,6)": st.integers(1 - 10**18, 10**18 - 1).map(lambda n: f"{n}e-6").map(Decimal),
    "double": st.floats(),
    "float": st.floats(width=32),
    "boolean": st.booleans(),
    "varchar": TEXT,
    "date": WHOLE_DAYS,
    "timestamp": TIMES,
    "varchar[]": st.lists(st.none() | TEXT, max_size=4),
    "decimal(20,3)[]": st.lists(
        st.integers(1 - 10**20, 10**20 - 1).map(lambda n: Decimal(n) / 1000)
    ),
    "struct(a double, b bigint)": st.fixed_dictionaries(
        {"a": st.none() | st.floats(), "b": st.integers(*INTEGERS["bigint"])}
    ),
}
EVERYTHING = View(
    "everything",
    {"name": "varchar", "number": "hugeint"},
    {f"feature_{n}": data_type for n, data_type in enumerate(RANDOM)},
)
ROWS = st.lists(
    st.tuples(
        TEXT, st.integers(*INTEGERS["hugeint"]), *(st.none() | values for values in RANDOM.values())
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda row: row[:2],
)
