"""Records of CSV and JSON lines: read in time that grows with the file, in bounded memory."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feature_store.raw.files import SourceFile, bounded_lines
from feature_store.raw.readers import csv_records
from feature_store.raw.readers.csv_records import CsvRecords
from support.processes import run_python
from support.projects.raw_project import RawProject

pytestmark = pytest.mark.slow

FILE = SourceFile(Path("f.csv"), "f.csv", "csv", gzipped=False)
OPEN = "a quote is opened and not closed"


class Counted(CsvRecords):
    """Counts the lines and characters that are given to the csv module."""

    given = 0
    characters = 0

    def _decoded(self):
        for line in super()._decoded():
            self.given += 1
            self.characters += len(line)
            yield line


def by_definition(body: bytes) -> list[tuple[int, bool]]:
    """Return each record's first line and whether it is well-formed, in quadratic time.

    A record is what the csv module reads from its first line on; where it raises an error, the
    record is that line only.
    """
    lines = [line.decode() for line in io.BytesIO(body)]
    found, first = [], 0
    while first < len(lines):
        reader = csv.reader(iter(lines[first:]), strict=True)
        try:
            fields = next(reader)
            taken = reader.line_num
        except csv.Error:
            fields, taken = None, 1
        if fields != []:  # a blank line is no record
            found.append((first + 2, fields is not None and len(fields) == 2))
        first += taken
    return found


MALFORMED = st.lists(
    st.sampled_from(["a", ",", '"', '""', "\n", "\r\n", "\r", "\0", "é", '1,"', '"x"', 'b,"c"\n']),
    max_size=60,
).map("".join)


@given(MALFORMED)
@settings(max_examples=1_000, deadline=None)
def test_records_are_those_of_the_definition(body: str):
    data = body.encode()
    records = Counted(io.BytesIO(b"a,b\n" + data), FILE, ",")
    assert [(line, reason is None) for line, reason in records] == by_definition(data)
    assert records.characters <= 2 * (len(body) + 4)


@pytest.mark.parametrize("limit", [20, 50])
@given(body=MALFORMED)
@settings(max_examples=300, deadline=None)
def test_the_work_is_bounded_whatever_the_limit_of_a_record(limit: int, body: str):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_records, "RECORD_LIMIT", limit)
        records = Counted(io.BytesIO(b"a,b\n" + body.encode() * 3), FILE, ",")
        lines = [line for line, _ in records]
    assert lines == sorted(set(lines))
    assert records.characters <= 2 * (3 * len(body) + 4)


def read(data: bytes, delimiter: str = ",") -> tuple[list[tuple[int, str | None]], int]:
    records = Counted(io.BytesIO(data), FILE, delimiter)
    return list(records), records.given


@pytest.mark.parametrize(
    "line",
    [b'1,x","w\n', b'"\n', b'1,"\n', b'"a","b\n', b'1,""x\n', b'"",""\n', b"1,2\n", b'x"y,"z""\n'],
)
@pytest.mark.parametrize("first", [b"", b'"open,1\n', b'1,"\n'])
def test_no_line_is_read_more_than_twice(line: bytes, first: bytes):
    for lines in (1_000, 1_001):
        found, given = read(b"a,b\n" + first + line * lines)
        assert found
        assert given <= 2 * (lines + 2)


def test_lines_behind_an_open_quote_are_records_again():
    found, _ = read(b'a,b\n"open,1\n' + b"1,2\n" * 3)
    assert found == [(2, OPEN), (3, None), (4, None), (5, None)]


@given(st.lists(st.lists(st.text('a",\n ', max_size=5), min_size=2, max_size=2), max_size=20))
@settings(max_examples=300, deadline=None)
def test_whatever_the_csv_module_writes_is_well_formed(rows: list[list[str]]):
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([["a", "b"], *rows])
    found, _ = read(text.getvalue().encode())
    lines, number = [], 2
    for row in rows:
        lines.append((number, None))
        number += 1 + sum(field.count("\n") for field in row)
    assert found == lines


@given(st.text('a",\n', max_size=60))
@settings(max_examples=500, deadline=None)
def test_the_csv_module_agrees_on_files_without_errors(body: str):
    found, _ = read(b"a,b\n" + body.encode())
    try:
        rows = [*csv.reader(io.StringIO(body, newline=""), strict=True)]
    except csv.Error:
        assert any(reason for _, reason in found)
        return
    assert [reason is None for _, reason in found] == [len(row) == 2 for row in rows if row]


@pytest.mark.parametrize("size", [99, 100, 101, 102, 5_000])
def test_of_a_long_line_no_more_than_the_limit_is_kept(size: int):
    stream = io.BytesIO(b"x" * size + b"\nnext\n")
    (first, is_cut), after = bounded_lines(stream, 100)
    assert after == (b"next\n", False)
    assert is_cut is (size > 100)
    assert len(first) <= 101


def test_a_long_record_is_malformed_and_the_next_one_is_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(csv_records, "RECORD_LIMIT", 1_000)
    too_long = csv_records._TOO_LONG
    assert read(b"a,b\n1," + b"x" * 5_000 + b"\n1,2\n")[0] == [(2, too_long), (3, None)]
    assert read(b'a,b\n1,"x\n' + b"y" * 5_000 + b"\n1,2\n")[0] == [
        (2, OPEN),
        (3, too_long),
        (4, None),
    ]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_line_of_any_length_takes_bounded_memory(tmp_path: Path, kind: str):
    """210 MB on one line of a small file are loaded within 200 MB over what the imports take."""
    path = tmp_path / f"f.{kind}.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(b'a,b\n1,"' if kind == "csv" else b'{"a": "')
        for _ in range(210):
            stream.write(b"x" * 1_000_000)
        stream.write(b'"\n1,2\n' if kind == "csv" else b'"}\n{"a": 1}\n')
    RawProject(tmp_path).declare(path.name, {"a": "varchar"})
    program = f"""
import json, resource
from pathlib import Path
from feature_store.raw.load import load
from feature_store.raw.load_request import LoadRequest
from feature_store.settings import load_settings
import pyarrow
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
(result,) = load(load_settings(project_dir=Path({str(tmp_path)!r})), LoadRequest(quarantine=True))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([result.loaded, result.rejected, grown]))
"""
    loaded, rejected, grown = json.loads(run_python("-c", program, check=True).stdout)
    assert (loaded, rejected) == (1, 1)
    assert grown * 1024 < 200_000_000
