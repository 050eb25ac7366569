"""The records of a CSV file and the lines they stand on.

DuckDB parses the values, but it does not say on which physical line a row began once a field
holds a line break, drops empty fields too many, and may lose rows behind an open quote without an
error. So the standard library's strict reader goes over the structure first: it finds malformed
records and their lines, and counts what DuckDB must deliver.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from feature_store.errors import FeatureStoreError
from feature_store.raw.encodings import encoding_advice, not_in_encoding
from feature_store.raw.files import SourceFile, empty

#: Bytes; a longer record is a fault (most often a quote that nobody closed).
RECORD_LIMIT = 2_000_000
_BOM = b"\xef\xbb\xbf"
_OPEN_QUOTE = "a quote is opened and not closed"
_TOO_LONG = f"the record is longer than {RECORD_LIMIT:,} bytes"


def _reason(error: csv.Error) -> str:
    """Return the csv module's error in words that need no knowledge of its states."""
    text = str(error)
    if "end of data" in text or "field limit" in text:
        return _OPEN_QUOTE
    if "new-line character" in text:
        return "a bare carriage return stands outside quotes"
    if "expected after" in text:
        return "text follows a closing quote"
    return text


class CsvRecords:
    """Goes once over the records of an open CSV file.

    A malformed record ends where the reader noticed it; one whose quote is never closed is taken
    to be its first line only, so that the lines behind it are not swallowed.

    Attributes:
        header: the column names, as received.
        taken: the raw lines of the record that was yielded last.
        mixed: whether a record has ended with another line end than the header's.
        plain_header: whether the header stands on one line.
    """

    def __init__(self, stream: BinaryIO, file: SourceFile, delimiter: str):
        csv.field_size_limit(RECORD_LIMIT)
        self.taken: list[bytes] = []
        self.mixed = False
        self._invalid = False
        self._lines: Iterator[bytes] = iter(stream)
        self._number = 0
        self._delimiter = delimiter
        self._file = file
        self._reader = self._new_reader()
        self._crlf = False
        self.header = self._read_header(file)
        self._crlf = self.taken[-1].endswith(b"\r\n")
        self.mixed = False
        self.plain_header = len(self.taken) == 1

    def _new_reader(self) -> Iterator[list[str]]:
        return csv.reader(self._decoded(), delimiter=self._delimiter, strict=True)

    def _decoded(self) -> Iterator[str]:
        """Yield the lines as text and remember them; each ends with its line feed."""
        for raw in self._lines:
            self._number += 1
            if self._number == 1 and raw.startswith(_BOM):
                raw = raw[len(_BOM) :]
            self.taken.append(raw)
            try:
                yield raw.decode("utf-8")
            except UnicodeDecodeError:
                self._invalid = True
                yield raw.decode("utf-8", "backslashreplace")

    def _read_header(self, file: SourceFile) -> list[str]:
        _, header, reason = self._next() or (1, None, None)
        if not self.taken:
            raise empty(file.label)
        if reason is None and not header:
            reason = "the header line is blank"
        if any("\0" in name for name in header or ()):
            reason = "the text is not UTF-8: it has zero bytes"
        if reason is not None and reason.startswith("the text is not"):
            raise FeatureStoreError(
                f"{file.label}, line 1: {reason}", next_step=encoding_advice(file, "the table")
            )
        if reason is not None:
            raise FeatureStoreError(
                f"{file.label}, line 1: {reason}",
                allowed="UTF-8 text; a header of names; "
                f"lines that end with LF or CRLF; fields separated by {self._delimiter!r}",
                next_step="correct the file, or its delimiter in the source's YAML",
            )
        assert header is not None
        return header

    def _next(self) -> tuple[int, list[str] | None, str | None] | None:
        """Return the next record's first line, fields and fault; None at the end."""
        self.taken.clear()
        self._invalid = False
        first = self._number + 1
        fields, reason = None, None
        try:
            fields = next(self._reader)
        except StopIteration:
            return None
        except csv.Error as error:
            reason = _reason(error)
            if reason == _OPEN_QUOTE and len(self.taken[0]) > RECORD_LIMIT:
                reason = _TOO_LONG
            elif reason == _OPEN_QUOTE and len(self.taken) > 1:
                self._lines = chain(self.taken[1:], self._lines)
                del self.taken[1:]
                self._number = first
                self._reader = self._new_reader()
        if self._invalid:
            reason = not_in_encoding(self.taken, self._file.encoding) or reason
        last = self.taken[-1]
        size = len(last) if len(self.taken) == 1 else sum(map(len, self.taken))
        if reason is None and size > RECORD_LIMIT:
            reason = _TOO_LONG
        if (last[-2:] == b"\r\n") is not self._crlf and last.endswith(b"\n"):
            self.mixed = True
        return first, fields, reason

    def __iter__(self) -> Iterator[tuple[int, str | None]]:
        """Yield each record's first line (the header is on line 1) and its fault, if any.

        Blank lines are no records, except where the file has one column only.
        """
        width = len(self.header)
        while (record := self._next()) is not None:
            line, fields, reason = record
            if reason is None and fields is not None and len(fields) != width:
                if not fields and width > 1:
                    continue
                if fields:
                    reason = f"{_count(len(fields))} where the header has {width}"
            yield line, reason

    def text(self) -> str:
        """Return the text of the record that was yielded last, without its line end."""
        return b"".join(self.taken).decode("utf-8", "backslashreplace").rstrip("\r\n")


def _count(fields: int) -> str:
    return "1 field" if fields == 1 else f"{fields} fields"
