"""Values are loaded exactly, or their row is rejected: compared with an independent oracle."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support.oracles.exact_values import (
    DECIMALS,
    EPOCH,
    INTEGERS,
    TIMES,
    Number,
    json_scalar,
    nested,
    read_json,
    scalar,
)
from support.projects.raw_project import RawProject

pytestmark = pytest.mark.unit

NESTED = ["integer[]", "decimal(18,6)[]", "varchar[]", "double[2]", "timestamp[]", "integer[][]"]
NESTED += ["struct(a integer, b varchar)", "struct(a integer, b varchar)[]"]
NESTED += ["map(varchar, decimal(18,6))"]
SCALARS = [*INTEGERS, *DECIMALS, *TIMES, "double", "float", "boolean", "date", "time", "uuid"]
SCALARS += ["varchar", "blob"]
KINDS = [*SCALARS, *NESTED]
real_loads = settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

digits = st.text("0123456789", min_size=1, max_size=40) | st.text("09", max_size=24)
signs = st.sampled_from(["", "-", "+"])
numbers = st.builds(
    "{}{}{}{}{}".format,
    signs,
    digits,
    st.sampled_from(["", "."]),
    digits | st.just(""),
    st.just("") | st.builds("{}{}{}".format, st.sampled_from("eE"), signs, st.integers(0, 330)),
)
json_numbers = st.from_regex(
    r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?", fullmatch=True
)
times = st.builds(
    "{}{}{}{}{}".format,
    st.dates().map(str) | st.sampled_from(["2024-02-30", "24-01-02", "2024-1-2"]),
    st.sampled_from(["", " ", "T"]),
    st.sampled_from(["", "03:04", "23:59:60", "24:00:00", "03:04:05", "03:04:05.", "03:04:05"]),
    st.sampled_from(["", ".1", ".123456", ".123456789", ".120000000000", ".0000001"]),
    st.sampled_from(["", "", "Z", " UTC", "+02", "-05:30", "+0530", "+25:00", " CET"]),
)
HOSTILE = r"""
yes|t|TRUE|0|2|0x1F|0b1|1_000|1,000| 12|12 |inf|nan|infinity|1e400|1e-400|epoch|now|24:00:00|12:30
12:30:45.1234567|12345678-1234-1234-1234-1234567890AB|{12345678-1234-1234-1234-1234567890ab}|é|a\x
1234567890123456.789e0|9007199254740993|16777217|123.0|[1, 2.7]|[1.239]|[1, "2"]|[a, b]|[1, NaN]
{"a": 1, "c": 2}|{"a": 1, "a": 2}|{"a": 12345678901234567.5}|[1,]|[[1], null]|[{"a": 1, "b": 2.50}]
{"k": 1234567890.123456}|[0.30000000000000004, 1e-400]|["0.1234567890123456789", 0.123456789012345]
"""
words = st.sampled_from(HOSTILE.strip("\n").replace("\n", "|").split("|"))
texts = numbers | times | words | st.text(st.characters(codec="utf-8", exclude_characters="\0"))
leaves = st.none() | st.booleans() | json_numbers.map(Number) | texts
json_values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def write_json(value: Any) -> str:
    """Return JSON in which numbers are as they were written."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(write_json, value)) + "]"
    if isinstance(value, dict):
        parts = (f"{json.dumps(key)}: {write_json(item)}" for key, item in value.items())
        return "{" + ", ".join(parts) + "}"
    return json.dumps(value)


def comparable(value: Any) -> Any:
    """Return a loaded value as the oracle gives it."""
    if isinstance(value, Decimal):
        return Fraction(value)
    if isinstance(value, datetime):
        return (value.replace(tzinfo=UTC) - EPOCH) // (EPOCH.resolution) * 1000
    if isinstance(value, (list, tuple)):
        return [comparable(item) for item in value]
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items()}
    return value


def loaded(project: RawProject, kinds: list[str]) -> dict[int, Any]:
    """Load the file; return each loaded row's value in the one column that is not null."""
    project.load(quarantine=True)
    columns = []
    for i, kind in enumerate(kinds):
        in_ns = kind.startswith("timestamp") and kind in TIMES
        columns.append(
            f"epoch_ns(v{i}::timestamp_ns)"
            if kind == "timestamp_ns"
            else f"epoch_us(v{i}::timestamp)::hugeint * 1000"
            if in_ns
            else f"epoch_us(date '1970-01-01' + v{i}) * 1000"
            if kind == "time"
            else f"v{i}"
        )
    rows = project.query(f"select n, {', '.join(columns)} from raw.orders")
    return {n: next((comparable(v) for v in values if v is not None), None) for n, *values in rows}


def check(
    found: dict[int, Any], cases: list[tuple[str, Any]], expected: Callable[..., Any]
) -> None:
    for n, (kind, source) in enumerate(cases):
        if n in found:
            assert found[n] == expected(kind, source), (kind, source)


@real_loads
@given(cases=st.lists(st.tuples(st.sampled_from(KINDS), texts), min_size=80, max_size=100))
def test_texts_of_csv(project: RawProject, cases: list[tuple[str, str]]) -> None:
    lines = [",".join(["n", *(f"v{i}" for i in range(len(KINDS)))])]
    for n, (kind, text) in enumerate(cases):
        fields = [""] * len(KINDS)
        fields[KINDS.index(kind)] = '"' + text.replace('"', '""') + '"'
        lines.append(",".join([str(n), *fields]))
    project.write("o.csv", "\n".join(lines))
    project.declare("o.csv", {"n": "bigint"} | {f"v{i}": kind for i, kind in enumerate(KINDS)})

    def expected(kind: str, text: str) -> Any:
        if text == "" and kind != "varchar":
            return None
        return nested(kind, read_json(text)) if kind in NESTED else scalar(kind, text)

    check(loaded(project, KINDS), cases, expected)


@real_loads
@given(cases=st.lists(st.tuples(st.sampled_from(KINDS), json_values), min_size=80, max_size=100))
def test_values_of_json(project: RawProject, cases: list[tuple[str, Any]]) -> None:
    lines = [json.dumps({"n": -1} | {f"v{i}": None for i in range(len(KINDS))})]
    lines += [
        f'{{"n": {n}, "v{KINDS.index(k)}": {write_json(v)}}}' for n, (k, v) in enumerate(cases)
    ]
    project.write("o.jsonl", "\n".join(lines))
    project.declare("o.jsonl", {"n": "bigint"} | {f"v{i}": kind for i, kind in enumerate(KINDS)})

    def expected(kind: str, value: Any) -> Any:
        return nested(kind, value) if kind in NESTED else json_scalar(kind, value)

    check(loaded(project, KINDS), cases, expected)


TYPED: dict[str, st.SearchStrategy[Any]] = {
    # Parquet has no integers of 128 bits.
    **{kind: st.integers(*INTEGERS[kind]) for kind in INTEGERS if "huge" not in kind},
    **{
        kind: st.integers(-(10**precision) + 1, 10**precision - 1).map(
            lambda unscaled, scale=scale: Decimal(
                (unscaled < 0, tuple(map(int, str(abs(unscaled)))), -scale)
            )
        )
        for kind, (precision, scale) in DECIMALS.items()
    },
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "varchar": st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
    "date": st.dates(),
    "timestamp": st.datetimes(),
    "timestamptz": st.datetimes(),
    "uuid": st.uuids(),
}


def as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


@real_loads
@given(data=st.data())
def test_typed_values_come_back_from_every_format(project: RawProject, data: st.DataObject) -> None:
    """None of them may be rejected."""
    drawn = data.draw(st.lists(st.fixed_dictionaries(TYPED), min_size=10, max_size=20))
    rows = [{kind: row[kind] for kind in TYPED} for row in drawn]
    names = {kind: f"v{i}" for i, kind in enumerate(TYPED)}
    texts = [
        {"n": str(n)} | {names[kind]: as_text(value) for kind, value in row.items()}
        for n, row in enumerate(rows)
    ]
    quoted = [['"' + text.replace('"', '""') + '"' for text in row.values()] for row in texts]
    lines = [",".join(texts[0]), *map(",".join, quoted)]
    project.write("o.csv", "\n".join(lines))
    project.write("o.jsonl", "\n".join(map(json.dumps, texts)))
    columns = {"n": "integer"} | {name: kind for kind, name in names.items()}
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection.execute(f"create table t ({declared})")
        places = ", ".join("?" for _ in columns)
        connection.executemany(
            f"insert into t values ({places})", [list(r.values()) for r in texts]
        )
        connection.execute(f"copy t to '{project.folder / 'o.parquet'}'")
    expected = [[comparable(value) for value in row.values()] for row in rows]
    for name in ("o.csv", "o.jsonl", "o.parquet"):
        project.declare(name, columns, table=name[2:])
    results = [(result.error, result.rejected) for result in project.run()]
    assert results == [(None, 0)] * 3
    for name in ("csv", "jsonl", "parquet"):
        values = ", ".join(names.values())
        found = project.query(f"select {values} from raw.{name} order by n")
        for row, wanted in zip(found, expected, strict=True):
            assert [comparable(value) for value in row] == wanted, name


def test_nulls_and_numbers_that_a_cast_would_change(project: RawProject) -> None:
    """A null struct stays null, and NaN is not JSON."""
    project.write_parquet(
        "o.parquet",
        "select 1 as id, {'a': 1} as part, 0.5::double as number "
        "union all select 2, null, 'nan' union all select 3, null, null",
    )
    columns = {"id": "bigint", "part": "struct(a varchar, b integer)", "number": "json"}
    project.declare("o.parquet", columns)
    result = project.load(quarantine=True)
    assert (result.loaded, result.rejected) == (2, 1)
    assert project.values("part") == [{"a": "1", "b": None}, None]
    assert project.values("number") == ["0.5", None]


@pytest.mark.parametrize("exponent", [-(2**31), 2**31 - 1, -(2**63), 400, -401])
def test_a_number_with_a_huge_exponent_is_malformed_and_no_overflow(
    project: RawProject, exponent: int
) -> None:
    project.write("o.csv", f"id,amount\n1,1e{exponent}\n2,1e1\n")
    project.declare("o.csv", {"id": "bigint", "amount": "decimal(10, 2)"})
    result = project.load(quarantine=True)
    assert (result.loaded, result.rejected) == (1, 1)
    assert project.rows("id, amount") == [(2, Decimal(10))]
