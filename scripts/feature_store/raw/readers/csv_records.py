"""The records of a CSV file with their line numbers, and the reasons why some are malformed.

DuckDB parses the values, but its own errors are not good enough: it accepts extra empty fields,
gives wrong line numbers after a line break within quotes, and loses the rows behind an unclosed
quote. So the strict reader of Python's csv module checks the structure first: it finds malformed
records and their lines, and counts the rows that DuckDB must read (docs/decisions/csv_reader.md).
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from feature_store.display import counted
from feature_store.errors import FeatureStoreError
from feature_store.raw.files import SourceFile, bounded_lines, empty
from feature_store.raw.readers.staging import kept_text
from feature_store.raw.text_encodings import encoding_advice, not_in_encoding

#: Bytes; a longer record is malformed (most often by an unclosed quote).
RECORD_LIMIT = 2_000_000
_BOM = b"\xef\xbb\xbf"
_OPEN_QUOTE = "a quote is opened and not closed"
_SPACE_BEFORE_QUOTE = "a space before a quote"
_TOO_LONG = f"the record is longer than {RECORD_LIMIT:,} bytes"


def _reason(error: csv.Error) -> str:
    """Return the reason why a record is malformed, from the csv module's error."""
    text = str(error)
    if "end of data" in text or "field limit" in text:
        return _OPEN_QUOTE
    if "new-line character" in text:
        return "a bare carriage return outside quotes"
    if "expected after" in text:
        return "text follows a closing quote"
    return text


class MalformedHeaderError(FeatureStoreError):
    """The error for a CSV file whose header is malformed."""


class _RecordEndError(Exception):
    """Ends the record that is being read as malformed; the text is the reason."""


class CsvRecords:
    """Reads the records of an open CSV file, each once.

    A malformed record is its first line only, so that an unclosed quote does not swallow the lines
    behind it. Those lines are read again, as records of their own. To read no line more than
    twice, a quote that is left open on one of these lines is not followed to its end again: its
    record ends where the first record ended, with the same error. So the work is proportional to
    the size of the file, and memory holds one record.

    Attributes:
        taken: the raw lines of the record that was yielded last.
        mixed: whether a record has ended with another line end than the header's, or with more
            than one carriage return.
    """

    def __init__(self, stream: BinaryIO, file: SourceFile, delimiter: str):
        csv.field_size_limit(RECORD_LIMIT)
        self.stream = stream
        self.taken: list[bytes] = []
        self.mixed = False
        self._invalid = False
        # A line that was cut off is longer than the limit, so the flag is not needed.
        self._lines = (line for line, _ in bounded_lines(stream, RECORD_LIMIT))
        self._again: deque[bytes] = deque()
        self._size = 0
        self._number = 0
        # A record that is still open at the end of a line before this one ends as malformed.
        self._open_until, self._open_error = 0, ""
        self._delimiter = delimiter
        self._file = file
        self._reader = self._new_reader()
        mark = re.escape(delimiter)
        self._quoted = re.compile(rf'(^|{mark})"(?:[^"]|"")*"(?={mark}|\r?\n|$)')
        self._spaced = re.compile(rf'(^|{mark}) +"')
        self._line_end = b""
        self.header = self._read_header(file)
        self._line_end = _line_end(self.taken[-1])
        self.mixed = self._line_end.count(b"\r") > 1
        self.plain_header = len(self.taken) == 1

    def _new_reader(self) -> Iterator[list[str]]:
        return csv.reader(self._decoded(), delimiter=self._delimiter, strict=True)

    def _decoded(self) -> Iterator[str]:
        """Yield the lines as text and remember them; each ends with its line feed."""
        while True:
            if self.taken and self._number < self._open_until:
                raise _RecordEndError(self._open_error)
            raw = self._again.popleft() if self._again else next(self._lines, None)
            if raw is None:
                return
            self._number += 1
            self._size += len(raw)
            if self._number == 1 and raw.startswith(_BOM):
                raw = raw[len(_BOM) :]
            self.taken.append(raw)
            if self._size > RECORD_LIMIT:
                raise _RecordEndError(_TOO_LONG if len(self.taken) == 1 else _OPEN_QUOTE)
            try:
                yield raw.decode("utf-8")
            except UnicodeDecodeError:
                self._invalid = True
                yield raw.decode("utf-8", "backslashreplace")

    def _read_again(self, reason: str) -> str:
        """Shorten the record to its first line, and put the others back to be read again.

        The result is the reason, with the line where the record ended.
        """
        if len(self.taken) == 1:
            return reason
        if reason != _OPEN_QUOTE:
            reason = f"a quote is opened, and in line {self._number}, {reason}"
        self._open_until, self._open_error = self._number, reason
        self._number -= len(self.taken) - 1
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]
        return reason

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
            raise MalformedHeaderError(
                f"{file.label}, line 1: {reason}",
                allowed="UTF-8 text; a header of names; "
                f"lines that end with LF or CRLF; fields separated by {self._delimiter!r}",
                next_step="correct the file, or its delimiter in the source's YAML",
            )
        assert header is not None
        return header

    def _next(self) -> tuple[int, list[str] | None, str | None] | None:
        """Return the next record's first line, fields and error; None at the end."""
        self.taken.clear()
        self._invalid = False
        self._size = 0
        first = self._number + 1
        fields, reason = None, None
        try:
            fields = next(self._reader)
        except StopIteration:
            return None
        except (csv.Error, _RecordEndError) as error:
            reason = _reason(error) if isinstance(error, csv.Error) else str(error)
            reason = self._read_again(reason)
            self._reader = self._new_reader()
        if self._invalid:
            reason = not_in_encoding(self.taken, self._file.encoding) or reason
        if reason is None and any(b' "' in raw for raw in self.taken) and self._is_spaced():
            reason = _SPACE_BEFORE_QUOTE
        if _line_end(self.taken[-1]) not in (self._line_end, b""):
            self.mixed = True
        return first, fields, reason

    def _is_spaced(self) -> bool:
        """Return whether a field begins with spaces and a quote, which DuckDB would drop."""
        if self._delimiter == " ":
            return False
        return self._spaced.search(self._quoted.sub(r"\1", self.text())) is not None

    def __iter__(self) -> Iterator[tuple[int, str | None]]:
        """Yield each record's first line (the header is on line 1) and its error or None.

        Blank lines are skipped, except in a file with only one column.
        """
        width = len(self.header)
        while (record := self._next()) is not None:
            line, fields, reason = record
            if reason is None and fields is not None and len(fields) != width:
                if not fields and width > 1:
                    continue
                if fields:
                    reason = f"{counted(len(fields), 'field')} where the header has {width}"
            yield line, reason

    def text(self) -> str:
        """Return the text of the record that was yielded last, without its line end."""
        return b"".join(self.taken).decode("utf-8", "backslashreplace").rstrip("\r\n")

    def shown(self) -> str:
        """Return that text, cut to the limit of a malformed row's text."""
        return kept_text(b"".join(self.taken)).rstrip("\r\n")


def _line_end(line: bytes) -> bytes:
    """Return the line feed at the end of a line, with all carriage returns before it."""
    if line[-2:-1] != b"\r" and line[-1:] != b"\r":
        return line[-1:] if line[-1:] == b"\n" else b""
    return line[len(line.rstrip(b"\r\n")) :]
