"""Typed values of Parquet: exactly the same in the declared type, or the row is rejected."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from support.projects.raw_project import RawProject

pytestmark = [pytest.mark.slow, pytest.mark.unit]

NS = 1483228800123456789
US = NS // 1000 * 1000
FAR = [datetime(9999, 12, 31), datetime(1, 1, 1)]
TIME = datetime(2017, 1, 1, 0, 0, 0, 123456)
NAIVE, ZONED = pa.timestamp("ns"), pa.timestamp("ns", "UTC")
LONG = Decimal("1234567890123456789012345678901234567890.12")
# A text column of Arrow whose second value is not UTF-8.
BROKEN = pa.Array.from_buffers(
    pa.string(), 2, [None, *pa.array([b"ok", b"\xff"], pa.binary()).buffers()[1:]]
)


def written(values: Any, kind: Any) -> pa.Array:
    return pa.array(values, kind)


#: The file's values, the declared type, the loaded values by row: a missing one is rejected.
CASES: list[tuple[pa.Array, str, dict[int, Any]]] = [
    (written([b"caf\xc3\xa9", b"\xff", b"\\x", b"a\0b"], pa.binary()), "varchar",
     {0: "café", 2: "\\x", 3: "a\0b"}),
    (written([b"12", b"1.5"], pa.binary()), "bigint", {0: 12}),
    (written(["é", "\\xAB"], pa.string()), "blob", {0: "é".encode()}),
    (BROKEN, "varchar", {0: "ok"}),
    (written([123.0, 1.5, float("nan"), 2.0**53, -0.0, 1e-7, None], pa.float64()), "varchar",
     {0: "123", 1: "1.5", 4: "0", 5: "0.0000001", 6: None}),
    (written([123.0, 2.0**24, 0.1], pa.float32()), "varchar", {0: "123", 2: "0.1"}),
    (written([123], pa.int64()), "varchar", {0: "123"}),
    (written([Decimal("123.00"), Decimal("1.50")], pa.decimal128(10, 2)), "varchar",
     {0: "123", 1: "1.5"}),
    (written([1234567.891, 0.1, 1e30], pa.float64()), "decimal(38,20)",
     {0: Decimal("1234567.891"), 1: Decimal("0.1")}),
    (written([1.0, 2.5, 1e20], pa.float64()), "bigint", {0: 1}),
    (written([2**53 + 1, 2**53, 2**63 - 1], pa.int64()), "double", {1: 2.0**53}),
    (written([0.1, 0.5], pa.float64()), "float", {1: 0.5}),
    (written([Decimal("1.20"), Decimal("1.25")], pa.decimal128(10, 2)), "decimal(10,1)",
     {0: Decimal("1.2")}),
    (written([Decimal("12345678901234567890.12"), LONG], pa.decimal256(50, 2)), "decimal(38,2)",
     {0: Decimal("12345678901234567890.12")}),
    (written([2, 1, 0], pa.int8()), "boolean", {1: True, 2: False}),
    (written([TIME, datetime(2017, 1, 1)], pa.timestamp("us")), "date",
     {1: datetime(2017, 1, 1).date()}),
    (written([TIME], pa.timestamp("us")), "time", {}),
    (written([1483228800], pa.int64()), "timestamp", {}),
    *[
        (written([NS, US, None], zone), kind,
         {1: TIME if kind == "timestamp" else TIME.replace(tzinfo=UTC), 2: None})
        for zone in (NAIVE, ZONED)
        for kind in ("timestamp", "timestamptz")
    ],
    (written([NS], ZONED), "varchar", {0: f"{TIME.isoformat(' ')}789+00"}),
    (written([[1.0], [2.7], None, []], pa.list_(pa.float64())), "integer[]",
     {0: [1], 2: None, 3: []}),
    (written([["1.5", None], ["1.239"]], pa.list_(pa.string())), "decimal(10,2)[]",
     {0: [Decimal("1.50"), None]}),
    (written([[[123.0]], [[float("inf")]]], pa.list_(pa.list_(pa.float64()))), "varchar[][]",
     {0: [["123"]]}),
    (written([[1, 2], [1]], pa.list_(pa.int64())), "integer[2]", {0: (1, 2)}),
    (written([{"a": 1.0, "x": None}, {"a": 1.5, "x": None}, {"a": 1.0, "x": 1}],
             pa.struct([("a", pa.float64()), ("x", pa.int64())])),
     "struct(a integer, b varchar)", {0: {"a": 1, "b": None}}),
    (written([[("k", 1.0)], [("k", 1.5)]], pa.map_(pa.string(), pa.float64())),
     "map(varchar, integer)", {0: {"k": 1}}),
    (written(["[1, 2]", "[1, 2.7]", "[1"], pa.string()), "integer[]", {0: [1, 2]}),
]  # fmt: skip


@pytest.mark.parametrize(("values", "kind", "loaded"), CASES)
def test_a_value_is_the_same_or_its_row_is_rejected(
    project: RawProject, values: pa.Array, kind: str, loaded: dict[int, Any]
) -> None:
    check(project, values, kind, loaded)


@pytest.mark.parametrize(
    ("values", "kind", "loaded"),
    [
        (written([NS, US, None], NAIVE), "timestamp", {1: TIME, 2: None}),
        (written([NS, US, -1], NAIVE), "epoch_ns", {0: NS, 1: US, 2: -1}),
        (written(FAR, pa.timestamp("us")), "timestamp", dict(enumerate(FAR))),
        (written([[NS]], pa.list_(NAIVE)), "timestamp[]", {}),
        (written([[US]], pa.list_(NAIVE)), "timestamp[]", {0: [TIME]}),
    ],
)  # fmt: skip
def test_int96(project: RawProject, values: pa.Array, kind: str, loaded: dict[int, Any]) -> None:
    check(project, values, kind, loaded, use_deprecated_int96_timestamps=True)


def check(
    project: RawProject, values: pa.Array, kind: str, loaded: dict[int, Any], **options: Any
) -> None:
    """Load one column and compare its rows; those that are rejected have a reason."""
    rows = pa.table({"id": pa.array(range(len(values))), "v": values})
    parquet.write_table(rows, project.folder / "o.parquet", **options)
    shown = "epoch_ns(v)" if kind == "epoch_ns" else "v"
    kind = "timestamp_ns" if kind == "epoch_ns" else kind
    project.declare("o.parquet", {"id": "bigint", "v": kind})
    project.load(quarantine=True)
    assert dict(project.query(f"select id, {shown} from raw.orders")) == loaded
    rejected = project.query("select line - 1, column_name, reason from raw.raw_rejects")
    assert {line for line, _, _ in rejected} == set(range(len(values))) - loaded.keys()
    assert all(column == "v" and reason.startswith("column v: '") for _, column, reason in rejected)


@pytest.mark.parametrize("quarantine", [False, True])
def test_bytes_of_an_undeclared_text_cost_no_row(project: RawProject, quarantine: bool) -> None:
    parquet.write_table(pa.table({"id": [1, 2], "v": BROKEN}), project.folder / "o.parquet")
    project.declare("o.parquet", {"id": "bigint"})
    assert project.load(quarantine=quarantine).loaded == 2
    assert project.values("v") == ["ok", "\\xFF"]


def test_one_id_is_one_entity_in_every_format(project: RawProject) -> None:
    """A null in an integer column turns its numbers into doubles, in files made by pandas."""
    parquet.write_table(pa.table({"v": [7]}), project.folder / "1.parquet")
    parquet.write_table(pa.table({"v": [7.0, None]}), project.folder / "2.parquet")
    project.write("3.jsonl", '{"v": 7}\n{"v": 7.0}\n{"v": 0.7e1}\n{"v": "7"}\n')
    project.write("4.csv", "v\n7\n")
    project.declare("?.*", {"v": "varchar"})
    assert project.load().loaded == 8
    assert project.query("select v, count(*) from raw.orders group by v order by v") == [
        ("7", 7),
        (None, 1),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("1234567890123456.789e0", "decimal(38,3)", Decimal("1234567890123456.789")),
        ("1234567890123456.789", "varchar", "1234567890123456.789"),
        ("[1234567890123456.789]", "decimal(38,3)[]", [Decimal("1234567890123456.789")]),
        ('{"a": [1234567890123456.7890]}', "json", '{"a":[1234567890123456.7890]}'),
        ('{"a": [1234567890123456.7890]}', "varchar", '{"a":[1234567890123456.7890]}'),
        ("0.30000000000000004", "double", 0.1 + 0.2),
        ("18446744073709551617.0", "hugeint", 18446744073709551617),
        ('"123.0"', "varchar", "123.0"),
        ('"1"', "json", '"1"'),
    ],
)
def test_numbers_of_json_keep_their_digits(
    project: RawProject, text: str, kind: str, value: Any
) -> None:
    project.give("o.jsonl", f'{{"id": 1, "v": {text}}}\n', {"id": "bigint", "v": kind})
    project.load()
    assert project.values("v") == [value]


@pytest.mark.parametrize("row", ['1, "abc"', '1,  "a,b"', '1, ""'])
def test_a_space_before_a_quote_is_malformed_csv(project: RawProject, row: str) -> None:
    project.write("o.csv", f'id,v\n{row}\n2,"a, ""b"""\n3," ""c"\n4,a "d"\n')
    project.declare("o.csv", {"id": "bigint", "v": "varchar"})
    assert "o.csv, line 2: a space before a quote" in str(project.fail())
    project.load(quarantine=True)
    assert project.values("v") == ['a, "b"', ' "c', 'a "d"']
