"""Files in other encodings, with times in a declared format and with decimal commas."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feature_store.errors import FeatureStoreError
from feature_store.raw.conversions.time_formats import check_format
from support.projects.raw_project import RawProject

pytestmark = pytest.mark.unit

COLUMNS = {"id": "bigint", "name": "varchar", "amount": "decimal(10, 2)", "sold_at": "timestamp"}
TEXT = (
    "id;name;amount;sold_at\r\n"
    "1;Müller;1,50;05.03.2024 09:05\r\n"
    '2;"a; é\r\nb";-0,5;6.3.2024 9:05\r\n'
    "3;;;\r\n"
)
ROWS = [
    (1, "Müller", "1.50", datetime(2024, 3, 5, 9, 5)),
    (2, "a; é\r\nb", "-0.50", datetime(2024, 3, 6, 9, 5)),
    (3, None, None, None),
]
KEYS = {"delimiter": ";", "decimal": ",", "time_format": "%d.%m.%Y %H:%M", "event_time": "sold_at"}
MARCH_6 = {"start": datetime(2024, 3, 6), "end": datetime(2024, 3, 7)}


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("latin-1", "o.csv"),
        ("windows-1252", "o.csv.gz"),
        ("utf-16", "o.csv"),
        ("utf-16-le", "o.csv"),
        ("UTF-8", "o.csv"),
        ("utf-8-sig", "o.csv"),
        ("cp437", "o.csv"),
    ],
)
def test_a_european_file(project: RawProject, encoding: str, name: str) -> None:
    project.give(name, TEXT.encode(encoding), COLUMNS, encoding=encoding, **KEYS)
    project.load()
    assert project.rows("id, name, amount::varchar, sold_at") == ROWS
    assert project.load().skipped == 3


def test_an_interval_of_formatted_times_in_text(project: RawProject) -> None:
    columns = {**COLUMNS, "sold_at": "varchar"}
    for number, kind in enumerate((columns, COLUMNS)):
        project.write("o.csv", TEXT.encode("latin-1"))
        project.declare("o.csv", kind, table=f"t{number}", encoding="latin-1", **KEYS)
    for _ in range(2):
        project.run(**MARCH_6)
        assert project.rows("id, sold_at", table="t0") == [(2, "6.3.2024 9:05")]
        assert project.rows("id, sold_at", table="t1") == [(2, ROWS[1][3])]
    project.write("o.csv", TEXT.replace("6.3.2024", "7.3.2024").encode("latin-1"))
    project.run(**MARCH_6)
    assert project.rows(table="t0") == project.rows(table="t1") == []


BAD_TIMES = [
    "30.02.2024 10:00",
    "05.03.24 10:00",
    "05.13.2024 10:00",
    "05.03.2024 24:00",
    "05.03.2024 10:60",
    " 05.03.2024 10:00",
    "05.03.2024 10:00 ",
    "05.03.2024",
    "05.03.0000 10:00",
    "2024-03-05 10:00",
    "05.03.2024 10:00:30",
]


@pytest.mark.parametrize("kind", ["timestamp", "varchar"])
def test_times_that_are_not_in_the_format(project: RawProject, kind: str) -> None:
    lines = "".join(f"2,{text}\n" for text in BAD_TIMES)
    project.write("o.csv", f"id,sold_at\n1,05.03.2024 10:00\n{lines}")
    columns = {"id": "bigint", "sold_at": kind}
    project.declare("o.csv", columns, event_time="sold_at", time_format="%d.%m.%Y %H:%M")
    words = "column sold_at: '{}' is not a valid time in the format %d.%m.%Y %H:%M"
    assert f"o.csv, line 3, {words.format(BAD_TIMES[0])}" in str(project.fail())
    assert project.load(quarantine=True).rejected == len(BAD_TIMES)
    reasons = project.query("select reason from raw.raw_rejects order by line")
    assert [reason for (reason,) in reasons] == [words.format(text) for text in BAD_TIMES]
    assert project.values("id") == [1]


FORMATS = [
    ("timestamp", "%d.%m.%Y %H:%M %z", "05.03.2024 01:00 +02:00", datetime(2024, 3, 4, 23)),
    ("timestamp", "%d.%m.%Y %H:%M %z", "05.03.2024 01:00 -0330", datetime(2024, 3, 5, 4, 30)),
    ("timestamptz", "%d.%m.%Y", "05.03.2024", datetime(2024, 3, 5, tzinfo=UTC)),
    ("date", "%d.%m.%Y %H:%M", "05.03.2024 00:00", date(2024, 3, 5)),
    ("date", "%d.%m.%Y %H:%M", "05.03.2024 00:01", None),
    ("timestamp_s", "%Y%m%dT%H%M%S.%f", "20240305T010203.0", datetime(2024, 3, 5, 1, 2, 3)),
    ("timestamp_s", "%Y%m%dT%H%M%S.%f", "20240305T010203.5", None),
    ("timestamp", "%Y%m%d", "2024111", None),
    ("timestamp", "%Y%m%d", "20241101", datetime(2024, 11, 1)),
    ("timestamp", "%m/%d/%y %I:%M %p", "3/5/69 12:30 am", datetime(1969, 3, 5, 0, 30)),
    ("timestamp", "%m/%d/%y %I:%M %p", "3/5/24 13:30 pm", None),
    ("timestamp", "%d %b %Y 100%%", "5 Mar 2024 100%", datetime(2024, 3, 5)),
    ("timestamp", "%d %B %Y", "5 march 2024", datetime(2024, 3, 5)),
]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_formats_of_columns(project: RawProject, ending: str) -> None:
    """Row n has a time in column n only, so that a wrong one rejects that row alone."""
    names = [f"t{n}" for n in range(len(FORMATS))]
    lines = [",".join(["id", *names])] if ending == "csv" else []
    for n, (_, _, text, _) in enumerate(FORMATS):
        cells = [str(n), *[text if m == n else "" for m in range(len(FORMATS))]]
        keys = {"id": n} | {name: text if name == f"t{n}" else None for name in names}
        lines.append(",".join(cells) if ending == "csv" else json.dumps(keys))
    project.write(f"o.{ending}", "\n".join(lines))
    columns = {"id": "bigint"} | {f"t{n}": kind for n, (kind, *_) in enumerate(FORMATS)}
    formats = {f"t{n}": text for n, (_, text, *_) in enumerate(FORMATS)}
    project.declare(f"o.{ending}", columns, time_format=formats)
    project.load(quarantine=True)
    rows = project.query("select * exclude (_loaded_at, _source_file, _batch_id) from raw.orders")
    found = {row[0]: row[row[0] + 1] for row in rows}
    assert found == {n: value for n, (*_, value) in enumerate(FORMATS) if value is not None}


NAMES = st.sampled_from(["%d.%m.%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S.%f", "%d-%b-%Y %I:%M:%S %p"])
TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))


@settings(max_examples=8, deadline=None)
@given(NAMES, st.lists(TIMES, min_size=20, max_size=40))
def test_every_time_that_python_writes_is_read_back(tmp_path_factory, name, times) -> None:
    project = RawProject(tmp_path_factory.mktemp("times"))
    times = [time if "%f" in name else time.replace(microsecond=0) for time in times]
    texts = [time.strftime(name.replace("%Y", f"{time.year:04}")) for time in times]
    lines = "".join(f"{i},{text}\n" for i, text in enumerate(texts))
    project.give("o.csv", "id,t\n" + lines, {"id": "bigint", "t": "timestamp"}, time_format=name)
    project.load()
    assert project.values("t") == times


@pytest.mark.parametrize("kind", ["bigint", "double", "decimal(10, 2)"])
def test_malformed_numbers_with_a_decimal_comma(project: RawProject, kind: str) -> None:
    bad = ["1.5", "1.234,5", "1,5 ", "1,,5", "1.000"]
    project.write("o.csv", "id;v\n1;2,0\n" + "".join(f"2;{text}\n" for text in bad))
    project.declare("o.csv", {"id": "bigint", "v": kind}, delimiter=";", decimal=",")
    assert "o.csv, line 3, column v: '1.5' is not a valid" in str(project.fail())
    assert project.load(quarantine=True).rejected == len(bad)
    assert project.values("v") == [2]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
@pytest.mark.parametrize(("encoding", "guess"), [("windows-1252", "windows-1252"), ("utf-16", "")])
def test_a_file_in_another_encoding_says_which_line_to_add(project, encoding, guess, ending):
    lines = {
        "csv": "id,name\n1,a\n2,Mül\n3,Möl\n",
        "jsonl": '{"id": 1, "name": "a"}\n{"id": 2, "name": "ü"}\n',
    }
    if (ending, encoding) == ("jsonl", "utf-16"):
        return
    project.give(f"o.{ending}", lines[ending].encode(encoding), {"id": "bigint", "name": "varchar"})
    error = str(project.fail())
    assert error.count(f"'encoding: {guess or 'utf-16'}'") == 1
    if guess and ending == "csv":
        assert "o.csv, line 3: the text is not UTF-8 (byte 4 is 0xFC)" in error
        assert "of table orders in models/x/_sources.yml" in error
    project.declare(f"o.{ending}", {"id": "bigint", "name": "varchar"}, encoding=encoding)
    project.load()
    assert "ü" in str(project.rows("name"))


def test_a_byte_that_the_declared_encoding_does_not_have(project: RawProject) -> None:
    project.write("o.csv", b"id,name\n1,\xe9\n2,\xe9\x81\n3,x\n")
    project.declare("o.csv", {"id": "bigint", "name": "varchar"}, encoding="windows-1252")
    assert "o.csv, line 3: the text is not windows-1252 (byte 4 is 0x81)" in str(project.fail())
    assert project.load(quarantine=True).rejected == 1
    assert project.values("name") == ["é", "x"]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"encodign": "x"}, "unknown key 'encodign'"),
        ({"encoding": "latin-9000"}, "encoding is 'latin-9000'"),
        ({"encoding": 1252}, "encoding is 1252"),
        ({"encoding": "rot13"}, "encoding is 'rot13'"),
        ({"encoding": "base64"}, "encoding is 'base64'"),
        ({"encoding": None}, "encoding is None"),
        ({"decimal": ";"}, "decimal is ';'"),
        ({"decimal": ","}, "decimal is ',', as is the delimiter"),
        ({"decimal": "."}, None),
        ({"decimal": ".", "delimiter": "."}, "decimal is '.', as is the delimiter"),
        ({"encoding": "latin-1", "format": "parquet"}, "encoding does not apply to parquet"),
        (
            {"decimal": ",", "delimiter": ";", "format": "jsonl"},
            "delimiter does not apply to jsonl",
        ),
        ({"decimal": ",", "path": "*.ndjson.gz"}, "decimal does not apply to jsonl"),
        ({"null_values": ["NA"], "path": "a/*.PARQUET"}, "null_values does not apply to parquet"),
        ({"encoding": "latin-1", "path": "*.parquet"}, "encoding does not apply to parquet"),
        ({"time_format": "dd.mm.yyyy"}, "time_format is 'dd.mm.yyyy': no directive"),
        ({"time_format": "%d.%m"}, "not one day, one month and one year"),
        ({"time_format": {}}, "time_format is {}"),
        ({"time_format": {"solt_at": "%d.%m.%Y"}}, "time_format names 'solt_at'"),
        (
            {"time_format": {"sold_at": "%x"}},
            "time_format of sold_at is '%x': unknown directive %x",
        ),
        ({"time_format": {"id": "%d.%m.%Y"}}, "names id, which is of the type bigint"),
    ],
)
def test_declarations(project: RawProject, keys: dict, words: str | None) -> None:
    project.write("o.csv", "id,name,amount,sold_at\n")
    project.declare(keys.pop("path", "o.csv"), COLUMNS, **keys)
    if words is None:
        project.load()
        return
    try:
        error = project.fail()
    except FeatureStoreError as raised:  # raised before any table is loaded
        error = raised
    assert words in str(error)
    assert error.allowed or error.next_step


@pytest.mark.parametrize("text", ["%d.%m.%Y %", "%d.%d.%m.%Y", "%d.%m.%Y %H:%M:%f", "%H:%M", 7])
def test_formats_that_are_refused(text: object) -> None:
    with pytest.raises(FeatureStoreError):
        check_format(text, "x")


def test_a_changed_format_reads_the_file_again(project: RawProject) -> None:
    project.write("o.csv", "id,t\n1,05.03.2024\n")
    columns = {"id": "bigint", "t": "timestamp"}
    project.declare("o.csv", columns, event_time="t", time_format="%d.%m.%Y")
    may = {"start": datetime(2024, 5, 1), "end": datetime(2024, 5, 1) + timedelta(days=9)}
    assert project.load(**may).loaded == 0
    project.declare("o.csv", columns, event_time="t", time_format="%m.%d.%Y")
    assert project.load(**may).loaded == 1
    assert project.values("t") == [datetime(2024, 5, 3)]
