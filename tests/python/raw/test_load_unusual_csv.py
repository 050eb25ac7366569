"""CSV files that Python and DuckDB read differently, and headers with another delimiter."""

from __future__ import annotations

import gzip
import struct
import zlib

import pytest

from support.projects.raw_project import RawProject

pytestmark = pytest.mark.unit

COLUMNS = {"a": "varchar", "b": "varchar"}
TEXT = b"a,b\n1,2\n3,4\n"
ROWS = [("1", "2"), ("3", "4")]


def member(data: bytes, flags: int = 0, fields: bytes = b"") -> bytes:
    """Return a gzip member by RFC 1952, with optional fields in its header."""
    header = b"\x1f\x8b\x08" + bytes([flags]) + bytes(5) + b"\xff" + fields
    if flags & 2:
        header += struct.pack("<H", zlib.crc32(header) & 0xFFFF)
    packer = zlib.compressobj(wbits=-15)
    tail = struct.pack("<II", zlib.crc32(data), len(data))
    return header + packer.compress(data) + packer.flush() + tail


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TEXT) + bytes(1),
        gzip.compress(TEXT) + bytes(512),
        gzip.compress(TEXT[:9]) + gzip.compress(b"") + gzip.compress(TEXT[9:]),
        member(TEXT, 1),
        member(TEXT, 2),
        member(TEXT, 4, b"\6\0BC\2\0\1\0"),
        member(TEXT, 8, b"name.csv\0"),
        member(TEXT, 16, b"a comment\0"),
        member(TEXT[:5], 4, b"\6\0BC\2\0\1\0") + member(TEXT[5:], 4, b"\6\0BC\2\0\1\0"),
    ],
    ids=["zero", "zeros", "members", "text", "crc", "extra", "name", "comment", "blocks"],
)
def test_every_kind_of_gzip_file(project: RawProject, content: bytes) -> None:
    project.write("f.csv.gz", content)
    project.declare("f.csv.gz", COLUMNS)
    assert project.load().loaded == 2
    assert project.rows("a, b") == ROWS


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\r\n1,2\r\r\n3,4\r\n",
        b"a,b\r\r\n1,2\r\r\n3,4\r\r\n",
        b"a,b\n1,2\r\r\n3,4",
        b"a,b\n1,2\n\r\r\n3,4\r",
        b"\xef\xbb\xbfa,b\r\n1,2\n\n3,4",
    ],
)
def test_mixed_line_ends(project: RawProject, content: bytes) -> None:
    project.give("f.csv", content, COLUMNS)
    project.load()
    assert project.rows("a, b") == ROWS


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ('5,"ab"\n', "a quote is opened, and in line 1003, text follows a closing quote"),
        ('5,"",\rx\n', "a quote is opened and not closed"),
        ("", "a quote is opened and not closed"),
    ],
)
def test_a_quote_too_many_costs_its_own_line_only(project, end: str, reason: str) -> None:
    project.give("f.csv", 'a,b\n1,"x\n' + "3,4\n" * 1_000 + end + "6,7\n" * 3, COLUMNS)
    assert f'f.csv, line 2: {reason}: 1,"x\n' in str(project.fail())
    result = project.load(quarantine=True)
    assert result.loaded == 1_003 + ("ab" in end)
    rejects = project.query("select line, reason, row_text from raw.raw_rejects order by line")
    assert rejects[0] == (2, reason, '1,"x')
    assert len(rejects) == 1 + ("\r" in end)


def test_of_a_rejected_row_its_beginning_is_kept(project: RawProject) -> None:
    project.give("f.csv", "a,b\n" + "é" * 50_000 + "\n1,2\n", COLUMNS)
    project.load(quarantine=True)
    assert project.query("select row_text from raw.raw_rejects") == [("é" * 10_000,)]


@pytest.mark.parametrize("declared", [",", ";"])
@pytest.mark.parametrize(
    ("actual", "shown"), [(",", "','"), (";", "';'"), ("\t", "tabs"), ("|", "'|'")]
)
@pytest.mark.parametrize("names", [["A", "b"], ['\ufeff"a"', '"B"']])
def test_a_header_with_another_delimiter(project, declared, actual, shown, names) -> None:
    project.give("f.csv", actual.join(names) + "\n", COLUMNS, delimiter=declared)
    if actual == declared:
        project.load()
        return
    error = str(project.fail())
    assert error.count("separated by") == 1
    assert error.startswith(f"f.csv, line 1: the fields seem to be separated by {shown}\n")
    written = "\\t" if actual == "\t" else actual
    assert error.count(f'delimiter: "{written}"') == 1
    assert len(error.splitlines()) == 3


def test_a_malformed_header_whose_delimiter_is_right(project: RawProject) -> None:
    project.give("f.csv", 'a,"b:c;d\n1,2\n', COLUMNS)
    assert "f.csv, line 1: a quote is opened and not closed" in str(project.fail())
