"""The reader of CSV files: records are checked in Python, then DuckDB parses the values."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.raw.readers.base import FileColumn, Reader
from feature_store.raw.readers.csv_delimiters import check_malformed_header
from feature_store.raw.readers.csv_records import CsvRecords, MalformedHeaderError
from feature_store.raw.readers.staging import Appender
from feature_store.warehouse.errors import first_line
from feature_store.warehouse.sql import count_of, duckdb_path, literal, literals

# Flags of a gzip header (RFC 1952).
_EXTRA_FIELDS, _NAME = 4, 8


class CsvReader(Reader):
    """CSV, plain or gzipped; an empty field is null, an empty quoted text is an empty text."""

    # Rows keep the file's order, but within a transaction row ids do not start at 0. A copy without
    # the malformed records has a column ``record`` instead.
    record = "(rowid - (select min(rowid) from load_staged) + 1)"
    empty_is_null = True

    def prepare(self) -> None:
        """Read the header."""
        try:
            with self._records() as records:
                header = records.header
        except MalformedHeaderError:
            check_malformed_header(self.table, self.file)
            raise
        self.columns = [FileColumn(name, f"c{i}") for i, name in enumerate(header)]

    @contextmanager
    def _records(self) -> Iterator[CsvRecords]:
        with self.file.open() as stream:
            yield CsvRecords(stream, self.file, self.table.delimiter)

    def stage(self, where: str) -> None:
        """Check the structure, then let DuckDB parse the rows.

        DuckDB reads the file itself if it parses it as Python does; else a copy of the well-formed
        records with one kind of line end.
        """
        good, is_plain = self._check_records()
        if is_plain and self._read(self.file.path, self.file.gzipped) == good:
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "rows.csv"
            self._write_good_records(copy)
            self.record = "record"
            read = self._read(copy, gzipped=False, numbered=True)
        if read != good:
            raise FeatureStoreError(
                f"{self.file.label}: {good:,} rows were counted, but DuckDB reads {read:,}",
                allowed="CSV that the csv module of Python and DuckDB read alike",
                next_step="write the file again with every text in quotes",
            )

    def _check_records(self) -> tuple[int, bool]:
        """Add the malformed records; return how many others, and whether DuckDB reads the file."""
        good, bad = 0, 0
        with self._records() as records, Appender(self.connection, "load_malformed") as malformed:
            for line, reason in records:
                if reason is None:
                    good += 1
                else:
                    bad += 1
                    text = records.shown()
                    malformed.add((line, None, reason, text, None), len(text))
            size = records.stream.tell()
        is_plain = not bad and not records.mixed and records.plain_header
        if is_plain and self.file.gzipped:
            is_plain = _is_plain_gzip(self.file.path, size)
        return good, is_plain

    def _write_good_records(self, path: Path) -> None:
        """Write a copy of the well-formed records with one kind of line end.

        The first field is the record's number, in quotes so that it is not taken for a null value.
        """
        with self._records() as records, open(path, "wb") as copy:
            delimiter = self.table.delimiter
            names = ["record", *(column.staged for column in self.columns)]
            copy.write((delimiter.join(names) + "\n").encode())
            for number, (_, reason) in enumerate(records, 1):
                if reason is None:
                    copy.write(f'"{number}"{delimiter}'.encode())
                    copy.write(b"".join(records.taken).rstrip(b"\r\n") + b"\n")

    def _read(self, path: Path, gzipped: bool, numbered: bool = False) -> int:
        """Stage a file without malformed records; return the number of rows."""
        columns = ", ".join(f"{literal(c.staged)}: 'VARCHAR'" for c in self.columns)
        if numbered:
            columns = f"'record': 'BIGINT', {columns}"
        query = f"""
            create or replace temp table load_staged as
            select * from read_csv(
                {duckdb_path(path)}, auto_detect = false, header = true,
                columns = {{{columns}}}, delim = {literal(self.table.delimiter)},
                quote = '"', escape = '"', allow_quoted_nulls = false,
                nullstr = {literals(["", *self.table.null_values])}, ignore_errors = true,
                compression = '{"gzip" if gzipped else "none"}', hive_partitioning = false,
                max_line_size = 4000000
            )
            """
        try:
            self.connection.execute(query)
        except (duckdb.InvalidInputException, duckdb.IOException) as error:
            raise FeatureStoreError(
                f"{self.file.label}: DuckDB cannot read the rows: {first_line(error)}",
                allowed="CSV that the csv module of Python and DuckDB read alike",
                next_step="check the space on the disk, or write the file again with every text "
                "in quotes and lines that end with LF",
            ) from error
        return count_of(self.connection, "select count(*) from load_staged")

    def locate(self, limit: int | None) -> None:
        """Fill ``load_located`` from the file, which is read again up to the last bad row."""
        bad = self._bad_rows(limit)
        wanted = next(bad, None)
        with self._records() as records, Appender(self.connection, "load_located") as located:
            for number, (line, _) in enumerate(records, 1):
                if wanted is None:
                    return
                if number == wanted:
                    text = records.shown()
                    located.add((number, line, text), len(text))
                    wanted = next(bad, None)

    def _bad_rows(self, limit: int | None) -> Iterator[int]:
        """Yield the numbers of the rows to locate, ascending."""
        rows = self.connection.sql(self.bad_records(limit)).to_arrow_table()
        for batch in rows.to_batches():
            yield from batch.column(0).to_pylist()


def _is_plain_gzip(path: Path, size: int) -> bool:
    """Return whether DuckDB can read a gzip file that Python has read.

    DuckDB reads headers with at most a name and extra fields, and files of one member. ``size`` is
    the number of unzipped bytes, with which a file of one member ends.
    """
    with open(path, "rb") as stream:
        flags = stream.read(4)[3]
        stream.seek(-4, os.SEEK_END)
        last = int.from_bytes(stream.read(), "little")
    return not flags & ~(_EXTRA_FIELDS | _NAME) and last == size % 2**32
