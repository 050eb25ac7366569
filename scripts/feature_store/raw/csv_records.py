"""The records of a CSV file and the lines they stand on.

DuckDB parses the values, but it does not say on which physical line a row began once a field
holds a line break, drops empty fields too many, and may lose rows behind an open quote without an
error. So the standard library's strict reader goes over the structure first: it finds malformed
records and their lines, and counts what DuckDB must deliver.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from feature_store.errors import FeatureStoreError
from feature_store.raw.encodings import encoding_advice, not_in_encoding
from feature_store.raw.files import SourceFile, bounded_lines, empty

#: Bytes; a longer record is malformed (most often by a quote that nobody closed).
RECORD_LIMIT = 2_000_000
_BOM = b"\xef\xbb\xbf"
_OPEN_QUOTE = "a quote is opened and not closed"
_SPACE_BEFORE_QUOTE = "a space stands before a quote"
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


class _RecordEndError(Exception):
    """The record that is being read ends here, malformed; its text is the reason."""


class CsvRecords:
    """Goes once over the records of an open CSV file.

    A malformed record ends where the reader noticed it. One whose quote is not closed within
    ``RECORD_LIMIT`` is taken to be its first line only, so that the lines behind it are not
    swallowed. These are read again, but no two records are looked for the end of an open quote in
    the same lines: what is open at the end of a line is open as long as the first record found it
    to be. So the work grows with the size of the file, and memory holds one record.

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
        self._lines = bounded_lines(stream, RECORD_LIMIT)
        self._again: deque[tuple[bytes, bool]] = deque()
        self._size = 0
        self._number = 0
        # The last line at whose end an open quote is known to be open still.
        self._open_until = 0
        self._delimiter = delimiter
        self._file = file
        self._reader = self._new_reader()
        mark = re.escape(delimiter)
        self._quoted = re.compile(rf'(^|{mark})"(?:[^"]|"")*"(?={mark}|\r?\n|$)')
        self._spaced = re.compile(rf'(^|{mark}) +"')
        self._crlf = False
        self.header = self._read_header(file)
        self._crlf = self.taken[-1].endswith(b"\r\n")
        self.mixed = False
        self.plain_header = len(self.taken) == 1

    def _new_reader(self) -> Iterator[list[str]]:
        return csv.reader(self._decoded(), delimiter=self._delimiter, strict=True)

    def _decoded(self) -> Iterator[str]:
        """Yield the lines as text and remember them; each ends with its line feed."""
        while True:
            if self.taken and self._number < self._open_until:
                raise _RecordEndError(_OPEN_QUOTE)
            line = self._again.popleft() if self._again else next(self._lines, None)
            if line is None:
                return
            raw, is_cut = line
            self._number += 1
            if self._number == 1 and raw.startswith(_BOM):
                raw = raw[len(_BOM) :]
            self.taken.append(raw)
            self._size += len(raw)
            if is_cut or self._size > RECORD_LIMIT:
                self._is_last_cut = is_cut
                raise _RecordEndError(_TOO_LONG if len(self.taken) == 1 else _OPEN_QUOTE)
            try:
                yield raw.decode("utf-8")
            except UnicodeDecodeError:
                self._invalid = True
                yield raw.decode("utf-8", "backslashreplace")

    def _read_again(self) -> None:
        """Take the record to be its first line only, and let the lines behind it be read again."""
        self._open_until = max(self._open_until, self._number)
        ends = [False] * (len(self.taken) - 1)
        if ends:
            ends[-1] = self._is_last_cut
            self._again.extendleft(reversed([*zip(self.taken[1:], ends, strict=True)]))
            self._number -= len(ends)
            del self.taken[1:]

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
        self._invalid = self._is_last_cut = False
        self._size = 0
        first = self._number + 1
        fields, reason = None, None
        try:
            fields = next(self._reader)
        except StopIteration:
            return None
        except (csv.Error, _RecordEndError) as error:
            reason = _reason(error) if isinstance(error, csv.Error) else str(error)
            if reason == _OPEN_QUOTE:
                self._read_again()
            if reason == _OPEN_QUOTE or isinstance(error, _RecordEndError):
                self._reader = self._new_reader()
        if self._invalid:
            reason = not_in_encoding(self.taken, self._file.encoding) or reason
        if reason is None and any(b' "' in raw for raw in self.taken) and self._is_spaced():
            reason = _SPACE_BEFORE_QUOTE
        last = self.taken[-1]
        if (last[-2:] == b"\r\n") is not self._crlf and last.endswith(b"\n"):
            self.mixed = True
        return first, fields, reason

    def _is_spaced(self) -> bool:
        """Return whether a field begins with spaces and a quote, all of which DuckDB would drop."""
        if self._delimiter == " ":
            return False
        return self._spaced.search(self._quoted.sub(r"\1", self.text())) is not None

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
