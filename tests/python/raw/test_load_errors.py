"""Errors name file, line and column of malformed rows and files; the table stays unchanged."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import pytest

from support.projects.raw_project import GOOD, HEADER, RawProject

pytestmark = pytest.mark.unit

MANY = "".join(f"{i},1,x,2017-01-01\n" for i in range(3000))


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (
            "3,1.x,z,2017-01-01",
            "column amount: '1.x' is not a valid number of the type decimal(10,2)",
        ),
        ("3.7,1,z,2017-01-01", "column id: '3.7' is not a valid whole number (bigint)"),
        ("3,1,z,2017-02-30", "column sold_at: '2017-02-30' is not a valid time"),
        ("3,1,z", "3 fields where the header has 4: 3,1,z"),
        ("3,1,z,2017-01-01,", "5 fields where the header has 4: 3,1,z,2017-01-01,"),
        ('"3"x,1,z,2017-01-01', 'text follows a closing quote: "3"x,1'),
        ('3,1,"z,2017-01-01', 'a quote is opened and not closed: 3,1,"z,2017-01-01'),
        (b"3,1,\xff\xfe,2017-01-01", "the text is not UTF-8 (byte 5 is 0xFF): 3,1,\\xff\\xfe,"),
        ("3,1,\rz,2017-01-01", "a bare carriage return outside quotes"),
        (f"3,1,{'z' * 2_000_001},", "the record is longer than 2,000,000 bytes"),
    ],
)
def test_a_malformed_line_of_a_csv(orders: RawProject, line: str | bytes, place: str) -> None:
    check_malformed_line(orders, "o.csv", '1,1,"two\nlines",2017-01-01\n\n\n' + GOOD, line, place)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("3,1.x,z,2017-01-01", "column amount: '1.x' is not a valid number"),
        ('3,1,"z,2017-01-01', "a quote is opened and not closed"),
    ],
)
def test_a_malformed_line_of_a_long_gzipped_csv(orders: RawProject, line: str, place: str) -> None:
    check_malformed_line(orders, "o.csv.gz", MANY, line, place)


def check_malformed_line(
    orders: RawProject, name: str, before: str, line: str | bytes, place: str
) -> None:
    """Write a malformed line between others; it must be the only one that is rejected."""
    bad = line if isinstance(line, bytes) else line.encode()
    text = (HEADER + before).encode() + bad + b"\n" + GOOD.encode()
    orders.give(name, text, event_time="sold_at")
    number = before.count("\n") + 2
    message = str(orders.fail())
    mark = ", " if place.startswith("column") else ": "
    assert message.startswith(f"{name}, line {number}{mark}{place}")
    assert "Next: " in message
    result = orders.load(quarantine=True)
    assert result.loaded == (before + GOOD).count("2017-01-0")
    assert result.rejected == 1
    assert orders.query(
        "select table_name, source_file, line, row_text[:20] from raw.raw_rejects"
    ) == [("orders", name, number, bad.decode(errors="backslashreplace")[:20])]


BAD_TEXTS = {
    "bigint": ["1.7", " 12", "12 ", "1e3", "1_000", "0x1F", "1 000", "9223372036854775808", "NaN"],
    "tinyint": ["128", "-129", "x", "-", "1.0.0"],
    "utinyint": ["-1", "256"],
    "double": ["1e400", "nan", "inf", "1.5 ", "1_0.5", "$3", "1.2.3", "1d"],
    "decimal(4, 2)": ["1.239", "100", " 1.5", "1e-3", ".005", "1.2e1.0"],
    "decimal(4, 0)": [".5", "1.5"],
    "boolean": ["maybe", " true", "2"],
    "date": ["2017-02-30", "2017-1-1", "01/02/2017", "2017-01-01 10:00"],
    "timestamp": ["now", "infinity", "2017-01-01 25:00", "1483228800", "2017-01-01 10:00 CET"],
    "timestamp_s": ["2017-01-01 10:00:00.5"],
    "timestamptz": ["2017-01-01 10:00:00.1234567", "2017-01-01T05:00:00+99:00"],
    "uuid": ["not-one"],
}


@pytest.mark.parametrize("name", ["o.csv", "o.jsonl"])
def test_texts_that_are_not_valid_in_their_type(project: RawProject, name: str) -> None:
    columns = {f"v{i}": kind for i, kind in enumerate(BAD_TEXTS)}
    cases = [(f"v{i}", text) for i, kind in enumerate(BAD_TEXTS) for text in BAD_TEXTS[kind]]
    if name == "o.csv":
        lines = [",".join(columns)]
        lines += [",".join(text if c == column else "" for c in columns) for column, text in cases]
    else:
        lines = [json.dumps(dict.fromkeys(columns))]
        lines += [json.dumps({column: text}) for column, text in cases]
    project.give(name, "\n".join(lines), columns)
    assert f"{name}, line 2, column v0: '1.7' is not a valid whole number (bigint)" in str(
        project.fail()
    )
    assert project.load(quarantine=True).rejected == len(cases)
    found = project.query("select line, column_name, reason from raw.raw_rejects order by line")
    assert [(line, column) for line, column, _ in found] == [
        (line, column) for line, (column, _) in enumerate(cases, 2)
    ]
    assert [reason.split("'")[1] for _, _, reason in found] == [text for _, text in cases]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": 1', "the line is not valid JSON"),
        ("[1]", "the line is not a JSON object"),
        ('{"id": 1, "id": 2}', "a key occurs twice in the object"),
        (b'{"id": "\xff"}', "the text is not UTF-8 (byte 9 is 0xFF)"),
    ],
)
def test_a_malformed_line_of_json(project: RawProject, line: str | bytes, reason: str) -> None:
    bad = line if isinstance(line, bytes) else line.encode()
    project.give("o.jsonl", b'{"id": 1}\n\n' + bad + b'\n{"id": 2}', {"id": "bigint"})
    assert str(project.fail()).startswith(f"o.jsonl, line 3: {reason}: ")
    assert project.load(quarantine=True).rejected == 1
    assert project.values("id") == [1, 2]
    assert project.query("select line, reason from raw.raw_rejects") == [(3, reason)]
    project.write("o.jsonl", bad)
    assert str(project.fail()).startswith(f"o.jsonl, line 1: {reason}: ")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("1.5::double", "bigint"),
        ("'x'", "bigint"),
        ("9007199254740993", "double"),
        ("0.125::double", "decimal(10, 2)"),
        ("timestamp '2017-01-01 10:00'", "date"),
        ("7", "timestamp"),
    ],
)
def test_a_parquet_value_that_would_change(project: RawProject, value: str, kind: str) -> None:
    project.write_parquet("o.parquet", f"select 1 as id, null as v union all select 2, {value}")
    project.declare("o.parquet", {"id": "bigint", "v": kind})
    assert str(project.fail()).startswith("o.parquet, row 2, column v: ")
    project.load(quarantine=True)
    assert project.values("id") == [1]
    ((text,),) = project.query("select row_text from raw.raw_rejects")
    assert text.startswith('{"id":2,"v":')


def test_every_kind_of_malformed_json_in_one_file(project: RawProject) -> None:
    lines = ['{"id": 1, "n": 2, "id": 1}', "nope", "7", '{"id": 2, "n": {"m": [1]}}', "", "{}"]
    project.give("o.jsonl", "\n".join(lines), {"id": "bigint"})
    assert str(project.fail()).startswith("o.jsonl, line 1: a key occurs twice in the object")
    project.load(quarantine=True)
    assert project.query("select line from raw.raw_rejects order by line") == [(1,), (2,), (3,)]
    assert project.rows("id, n") == [(2, '{"m":[1]}'), (None, None)]


def test_the_first_bad_rows_and_their_number_are_shown(orders: RawProject) -> None:
    bad = "".join(f"{i},x,a,b\n" for i in range(6)) + "1,1\n"
    orders.write("o.csv", HEADER + "1,2\n" + GOOD + bad)
    lines = str(orders.fail()).splitlines()
    assert lines[0].startswith("o.csv, line 2: 2 fields")
    assert lines[1].startswith("  line 5, column amount: 'x' is not a valid number")
    assert "; column sold_at: 'b' is not a valid time" in lines[1]
    assert [line.split(",")[0] for line in lines[2:5]] == ["  line 6", "  line 7", "  line 8"]
    assert lines[5] == "  … (8 malformed rows in all)"
    orders.load(quarantine=True)
    assert orders.query("select line, column_name from raw.raw_rejects order by line") == [
        (2, None),
        *[(line, "amount") for line in range(5, 11)],
        (11, None),
    ]
    before = orders.dump()
    assert (
        "o.csv: in raw.raw_rejects since it was loaded: 8 malformed rows"
        in orders.load(quarantine=True).notes[0]
    )
    assert orders.dump() == before


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("household,amount,note,sold_at", "o.csv, line 1: column id missing"),
        ("id,amout,note,sold_at", "for amount, near names: amout"),
        ("id;amount;note;sold_at", "the fields seem to be separated by ';'"),
        ("Id,amount,note,sold_at,ID", "o.csv, line 1: column 'id' occurs twice (Id, ID)"),
        ("id,amount,note,sold_at,id", "o.csv, line 1: column 'id' occurs twice (id, id)"),
        ("", "o.csv, line 1: the header line is blank"),
    ],
)
def test_a_header_that_does_not_fit(orders: RawProject, header: str, words: str) -> None:
    orders.write("o.csv", header + "\n" + GOOD)
    assert words in str(orders.fail(quarantine=True))


def test_a_missing_column_of_parquet_and_json(project: RawProject) -> None:
    project.write_parquet("o.parquet", "select 1 as household")
    project.write("o.jsonl", '{"household": 1}')
    for name in ("o.parquet", "o.jsonl"):
        project.declare(name, {"household_id": "bigint"})
        message = str(project.fail())
        assert f"{name}: column household_id missing" in message
        assert "near names: household" in message


def cut(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("o.csv", lambda p: p.write("o.csv", b""), "o.csv: the file is empty"),
        ("o.csv.gz", lambda p: p.write_packed("o.csv.gz", ""), "the file is empty"),
        ("o.jsonl.gz", lambda p: p.write_packed("o.jsonl.gz", ""), "the file is empty"),
        ("o.csv", lambda p: (p.folder / "o.csv").mkdir(), "o.csv: is a directory"),
        ("o.csv", lambda p: (p.folder / "o.csv").symlink_to("o.csv"), "o.csv: cannot be read"),
        ("o.csv", lambda p: None, "o.csv: no such file"),
        ("in/*.csv", lambda p: None, "in/*.csv: no file matches"),
        ("o.dat", lambda p: p.write("o.dat", "x"), "the format is not clear from the file's name"),
        ("package:nothing_here/x.csv", lambda p: None, "'nothing_here' is not installed"),
        ("o.parquet", lambda p: p.write("o.parquet", GOOD * 9), "o.parquet: cannot be read as Par"),
        (
            "o.csv.gz",
            lambda p: p.write("o.csv.gz", cut(gzip.compress((HEADER + MANY).encode()))),
            "o.csv.gz: the gzip file is broken or cut off",
        ),
        (
            "o.jsonl.gz",
            lambda p: p.write("o.jsonl.gz", cut(gzip.compress(b'{"id": 1}\n' * 9999))),
            "o.jsonl.gz: the gzip file is broken or cut off",
        ),
        ("o.csv.gz", lambda p: p.write("o.csv.gz", HEADER), "the gzip file is broken or cut off"),
    ],
)
def test_files_that_cannot_be_read(
    orders: RawProject, name: str, make: Callable[[RawProject], object], words: str
) -> None:
    if name == "o.csv":
        (orders.folder / "o.csv").unlink()
    make(orders)
    orders.declare(name)
    assert words in str(orders.fail(quarantine=True))
