"""The load of one source table's files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import duckdb

from feature_store.display import counted
from feature_store.errors import FeatureStoreError
from feature_store.raw import loaded_files, raw_table
from feature_store.raw.column_mapping import (
    MappedColumn,
    canonical_types,
    map_columns,
    staged_event_time,
)
from feature_store.raw.conversions.time_formats import event_time_of
from feature_store.raw.converted_rows import converted_query
from feature_store.raw.file_time_ranges import FileEventTimes
from feature_store.raw.files import NoFilesError, SourceFile, fingerprint
from feature_store.raw.internal_names import INTERNAL_COLUMNS, REJECTS, ROW_NUMBER
from feature_store.raw.load_request import LoadRequest
from feature_store.raw.load_result import FileCounts, LoadResult
from feature_store.raw.readers.formats import open_reader
from feature_store.raw.readers.staging import drop_temp_tables
from feature_store.raw.rejects import find_bad_values, malformed_rows_error, replace_rejects
from feature_store.raw.row_content_hash import content_hash, with_load_times
from feature_store.raw.sources import RawTable
from feature_store.raw.text_encodings import decoded
from feature_store.raw.undeclared_columns import UndeclaredColumns, fit_columns
from feature_store.warehouse.sql import count_of, identifier, literal, rows_of


class TableLoad:
    """Loads the files of one table; the caller begins and commits the transaction."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: RawTable,
        request: LoadRequest,
        loaded_at: datetime,
    ):
        self.connection = connection
        self.table = table
        self.request = request
        self.clock = f"timestamp {literal(loaded_at.isoformat(' '))}"
        self.by_interval = request.has_interval and table.event_time is not None
        self.start(check_texts=False)

    def start(self, *, check_texts: bool) -> None:
        """Reset the result, before the first file is loaded or loaded again."""
        self.check_texts = check_texts
        self.loaded_at = self.clock
        self.result = LoadResult(self.table.name)
        self.counts = FileCounts()
        self.undeclared = UndeclaredColumns(self.table)

    def check_declaration(self) -> None:
        """Check the declared types. An unknown type would end a transaction: call it before."""
        self.declared = canonical_types(self.connection, self.table)

    def run(self, files: list[SourceFile], on_file: Callable[[RawTable, SourceFile], None]) -> None:
        """Load all files."""
        self._open()
        if "_loaded_at" in self.existing:
            self.loaded_at = raw_table.later_than_loaded(self.connection, self.table, self.clock)
        if self.request.has_interval and not self.by_interval:
            self.result.notes.append("has no event time: loaded whole, whatever the interval")
        self.times = FileEventTimes(
            self.connection, self.table, self._raw_event_time(), self.request
        )
        for file in files:
            self._load_file(file)
            self.result.files += 1
            on_file(self.table, file)
        drop_temp_tables(self.connection)
        self._add_notes(files)

    def run_without_files(self, error: NoFilesError) -> None:
        """Create the raw table with its declared columns, so that the models on it can be built."""
        self._open()
        raw_table.check_types(self.table, self.declared, self.existing)
        raw_table.add_columns(self.connection, self.table, self.declared, self.existing)
        rows = raw_table.count_rows(self.connection, self.table, "true")
        state = f"rows from earlier files stay ({rows:,})" if rows else "the table is empty"
        self.result.warning = f"{error.what}; {state}"

    def _open(self) -> None:
        loaded_files.create_loader_tables(self.connection, self.table.schema)
        self.existing = raw_table.existing_columns(self.connection, self.table)

    def _scope(self, file: SourceFile) -> str:
        """Return the SQL condition for the raw rows that the file replaces."""
        where = raw_table.source_filter(file.label)
        if self.by_interval:
            where += " and " + self.request.interval(self._raw_event_time())
        return where

    def _raw_event_time(self) -> str:
        name = self.table.event_time
        if name is None:
            return "null"
        return event_time_of(self.table, identifier(name), self.declared[name])

    def _load_file(self, file: SourceFile) -> None:
        before = file.path.stat()
        batch_id = fingerprint(file)
        is_complete = raw_table.check_types(self.table, self.declared, self.existing)
        if is_complete and self._skip(file, batch_id):
            return
        with decoded(file, self.table.encoding) as text:
            self._replace(file, text, batch_id)
        after = file.path.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise FeatureStoreError(
                f"{file.label}: the file was changed while it was read",
                next_step="load again when the program that writes it has ended",
            )

    def _skip(self, file: SourceFile, batch_id: str) -> bool:
        """Return whether a file need not be read; the result then counts it."""
        if self.by_interval:
            rows_without_time = self.times.outside(file, batch_id)
            if rows_without_time is not None:
                self.counts.outside += 1
                self.counts.rows_without_time += rows_without_time
                return True
        known = loaded_files.known_rows(self.connection, self.table, file, batch_id)
        if known is None:
            return False
        self.counts.unchanged += 1
        self.result.skipped += raw_table.count_rows(self.connection, self.table, self._scope(file))
        if known[1]:
            self.result.notes.append(
                f"{file.label}: in {self.table.schema}.{REJECTS} since it was loaded: "
                f"{counted(known[1], 'malformed row')}"
            )
        return True

    def _replace(self, file: SourceFile, text: SourceFile, batch_id: str) -> None:
        """Read a file and make the raw rows in scope equal to it.

        ``text`` is the file, or a copy of it in UTF-8.
        """
        connection, table = self.connection, self.table
        reader = open_reader(connection, text, table, self.declared, check_texts=self.check_texts)
        columns = map_columns(reader, self.existing)
        time = staged_event_time(reader, columns)
        event_time = "null::timestamp" if time is None else f"{time}::timestamp"
        in_scope, may_be_in_scope = "true", "true"
        if self.by_interval:
            in_scope = self.request.interval(str(time))
            # A row whose event time is null or unreadable may belong to any interval.
            may_be_in_scope = f"({in_scope} or {time} is null)"
        reader.stage(may_be_in_scope)
        columns = fit_columns(reader, columns, self.existing)
        malformed = find_bad_values(reader, columns, event_time, may_be_in_scope)
        if malformed and not self.request.quarantine:
            raise malformed_rows_error(reader, malformed)
        if table.event_time is not None:
            kind = self.declared[table.event_time]
            self.times.record(file, reader, event_time, kind, batch_id)
        self.undeclared.add(reader, columns, self.existing)
        kinds = {column.name: column.kind for column in columns}
        self.existing = raw_table.add_columns(connection, table, kinds, self.existing)

        bad = "select record from load_bad_values"
        good = f"{reader.record} not in ({bad})" if malformed else "true"
        rows = converted_query(columns, reader.record, f"{in_scope} and {good}")
        loaded, content_id = self._write(file, columns, rows, batch_id)
        self.result.read += loaded + malformed
        self.result.rejected += malformed
        if self.by_interval:
            self.counts.rows_without_time += count_of(
                connection,
                f"select count(*) from load_staged where {event_time} is null and {good}",
            )
            interval = self.request.interval("event_time")
            if replace_rejects(reader, interval, self.loaded_at, content_id):
                loaded_files.forget_file(connection, table, file)
        else:
            replace_rejects(reader, None, self.loaded_at, batch_id)
            loaded_files.record_file(connection, table, file, batch_id, (loaded, malformed))

    def _write(
        self, file: SourceFile, columns: list[MappedColumn], rows: str, batch_id: str
    ) -> tuple[int, str]:
        """Replace the raw rows in scope, unless they are the same.

        The same rows without numbers, which an older version of the loader wrote, are replaced by
        numbered ones that keep their load time, because their data did not change.

        Returns:
            the number of the file's rows in scope, and the hash of their content.
        """
        connection, table, scope = self.connection, self.table, self._scope(file)
        data = [name for name in self.existing if name not in INTERNAL_COLUMNS]
        filled = {column.name for column in columns}
        absent = "".join(
            f", null::{self.existing[name]} as {identifier(name)}"
            for name in data
            if name not in filled
        )
        full = f"select *{absent} from ({rows})"
        old = f"select * from {table.relation} where {scope}"
        old_count = raw_table.count_rows(connection, table, scope)
        content_id, count, same = "", None, False
        if old_count or self.by_interval:
            count, content_id = content_hash(connection, full, data)
        if count == old_count:
            same = not old_count or content_hash(connection, old, data)[1] == content_id
        without_number = f"{scope} and {ROW_NUMBER} is null"
        if same and not raw_table.count_rows(connection, table, without_number):
            self.result.skipped += old_count
            self.counts.unchanged += 1
            return old_count, content_id
        loaded_at = self.loaded_at
        if same:
            rows, loaded_at = with_load_times(connection, full, old, data), "_loaded_at"
            self.counts.renumbered += 1
        names = ", ".join(identifier(name) for name in (*(c.name for c in columns), ROW_NUMBER))
        batch = content_id if self.by_interval else batch_id
        connection.execute(f"delete from {table.relation} where {scope}")
        written = count_of(
            connection,
            f"""
            insert into {table.relation} ({names}, _loaded_at, _source_file, _batch_id)
            select {names}, {loaded_at}, {literal(file.label)}, {literal(batch)} from ({rows})
            """,
        )
        self.result.loaded += written
        if self.by_interval:
            loaded_files.forget_file(connection, table, file)
        return written, content_id

    def _add_notes(self, files: list[SourceFile]) -> None:
        result, table = self.result, self.table
        result.notes += self.undeclared.notes("loaded, and")
        result.notes += self.counts.notes(len(files), table.event_time, self.by_interval)
        if result.rejected:
            rejected = counted(result.rejected, "malformed row")
            result.notes.append(f"in {table.schema}.{REJECTS}: {rejected}")
        labels = ", ".join(literal(file.label) for file in files)
        removed = rows_of(
            self.connection,
            f"select distinct _source_file from {table.relation} "
            f"where _source_file not in ({labels})",
        )
        result.notes += [f"{label} no longer exists: its rows stay" for (label,) in sorted(removed)]
