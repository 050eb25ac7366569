"""Reading CSV."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from feature_store.errors import FeatureStoreError
from feature_store.raw.csv_records import CsvRecords
from feature_store.raw.reader import Reader, duckdb_path
from feature_store.raw.sql import count_of, literal, literals
from feature_store.raw.temp_tables import Appender


class CsvReader(Reader):
    """CSV, plain or gzipped; an empty field is null, an empty quoted text is an empty text."""

    # Rows keep the file's order; within a transaction their ids start anywhere. A copy without the
    # malformed records brings its numbers along.
    record = "(rowid - (select min(rowid) from load_staged) + 1)"
    empty_is_null = True

    def prepare(self) -> None:
        """Read the header."""
        with self.file.open() as stream:
            header = CsvRecords(stream, self.file, self.table.delimiter).header
        self.columns = self.named(header)

    def stage(self, where: str) -> None:
        """Check the structure, then let DuckDB parse the rows."""
        good, bad = 0, 0
        with (
            self.file.open() as stream,
            Appender(self.connection, "load_faults") as faults,
        ):
            records = CsvRecords(stream, self.file, self.table.delimiter)
            for line, reason in records:
                if reason is None:
                    good += 1
                else:
                    bad += 1
                    text = records.text()
                    faults.add((line, None, reason, text, None), len(text))
        plain = not bad and not records.mixed and records.plain_header
        if plain and self._read(self.file.path, self.file.gzipped) == good:
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "rows.csv"
            self._write_good_records(copy)
            self.record = "record"
            read = self._read(copy, gzipped=False, numbered=True)
        if read != good:
            raise FeatureStoreError(
                f"{self.file.label}: {good:,} rows were counted, but DuckDB reads {read:,}",
                allowed="a file that both agree on",
                next_step="write the file again with every text in quotes",
            )

    def _write_good_records(self, path: Path) -> None:
        """Write a copy of the well-formed records with one kind of line end.

        The first field is the record's number. In quotes, no null value can be meant by it.
        """
        with self.file.open() as stream, open(path, "wb") as copy:
            records = CsvRecords(stream, self.file, self.table.delimiter)
            delimiter = self.table.delimiter
            names = ["record", *(column.staged for column in self.columns)]
            copy.write((delimiter.join(names) + "\n").encode())
            for number, (_, reason) in enumerate(records, 1):
                if reason is None:
                    copy.write(f'"{number}"{delimiter}'.encode())
                    copy.write(b"".join(records.taken).rstrip(b"\r\n") + b"\n")

    def _read(self, path: Path, gzipped: bool, numbered: bool = False) -> int:
        """Stage a file whose structure is sound; return the number of rows."""
        columns = ", ".join(f"{literal(c.staged)}: 'VARCHAR'" for c in self.columns)
        if numbered:
            columns = f"'record': 'BIGINT', {columns}"
        self.connection.execute(
            f"""
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
        )
        return count_of(self.connection, "select count(*) from load_staged")

    def locate(self, limit: int | None) -> None:
        """Go over the file again, up to the last bad row."""
        wanted = self._bad_rows(limit)
        target = next(wanted, None)
        with (
            self.file.open() as stream,
            Appender(self.connection, "load_located") as located,
        ):
            records = CsvRecords(stream, self.file, self.table.delimiter)
            for number, (line, _) in enumerate(records, 1):
                if target is None:
                    return
                if number == target:
                    text = records.text()
                    located.add((number, line, text), len(text))
                    target = next(wanted, None)

    def _bad_rows(self, limit: int | None) -> Iterator[int]:
        """Yield the numbers of the rows to locate, ascending."""
        rows = self.connection.sql(self.wanted(limit)).to_arrow_table()
        for batch in rows.to_batches():
            yield from batch.column(0).to_pylist()
