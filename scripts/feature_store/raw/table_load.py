"""Loading the files of one table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.raw import column_mapping as plan
from feature_store.raw import loaded_files as ledger
from feature_store.raw.conversions.time_formats import event_time_of
from feature_store.raw.converted_rows import converted
from feature_store.raw.file_event_times import EventTimes
from feature_store.raw.files import NoFilesError, SourceFile, fingerprint
from feature_store.raw.internal_names import INTERNAL_COLUMNS, REJECTS, ROW_NUMBER
from feature_store.raw.load_request import LoadRequest, LoadResult, counted
from feature_store.raw.readers.formats import READERS
from feature_store.raw.readers.staging import create_temp_tables, drop_temp_tables
from feature_store.raw.rejects import find_faults, refuse, replace_rejects
from feature_store.raw.sources import RawTable
from feature_store.raw.text_encodings import decoded
from feature_store.raw.undeclared_columns import UndeclaredColumns, fit_columns
from feature_store.warehouse.sql import count_of, identifier, literal, rows_of


class TableLoad:
    """Loads the files of one table; the caller owns the transaction."""

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
        self.raw = identifier(table.schema, table.identifier)
        self.by_interval = request.has_interval and table.event_time is not None
        self.start(check_texts=False)

    def start(self, *, check_texts: bool) -> None:
        """Forget what happened to the files so far."""
        self.check_texts = check_texts
        self.loaded_at = self.clock
        self.result = LoadResult(self.table.name)
        self.unchanged_files = 0
        self.renumbered_files = 0
        self.outside_files = 0
        self.timeless = 0
        self.drift = UndeclaredColumns(self.table)

    def check_declaration(self) -> None:
        """Check the declared types; not to be called within the transaction."""
        self.declared = plan.canonical_types(self.connection, self.table)

    def run(self, files: list[SourceFile], on_file: Callable[[RawTable, SourceFile], None]) -> None:
        """Load all files."""
        self._open()
        if "_loaded_at" in self.existing:
            self.loaded_at = ledger.later_than_loaded(self.connection, self.raw, self.loaded_at)
        if self.request.has_interval and not self.by_interval:
            self.result.notes.append("has no event time: loaded whole, whatever the interval")
        self.times = EventTimes(self.connection, self.table, self._raw_event_time(), self.request)
        for file in files:
            self._load_file(file)
            self.result.files += 1
            on_file(self.table, file)
        drop_temp_tables(self.connection)
        self._add_notes(files)

    def _open(self) -> None:
        ledger.create_ledger(self.connection, self.table.schema)
        self.existing = plan.existing_columns(self.connection, self.table)

    def run_without_files(self, error: NoFilesError) -> None:
        """Make the raw table with its declared columns, so that the models on it can be built.

        Args:
            error: says that no file is there.
        """
        self._open()
        plan.check_types(self.table, self.declared, self.existing)
        plan.add_columns(self.connection, self.table, self.declared, self.existing)
        rows = ledger.count_rows(self.connection, self.table, "true")
        state = f"rows from earlier files stay ({rows:,})" if rows else "the table is empty"
        self.result.warning = f"{error.what}; {state}"

    def _scope(self, file: SourceFile) -> str:
        """Return the SQL that picks the raw rows that the file is to replace."""
        where = plan.source_filter(file.label)
        if self.by_interval:
            where += " and " + self.request.interval(self._raw_event_time())
        return where

    def _raw_event_time(self) -> str:
        """Return the SQL of the event time of a raw row."""
        name = self.table.event_time
        if name is None:
            return "null"
        return event_time_of(self.table, identifier(name), self.declared[name])

    def _load_file(self, file: SourceFile) -> None:
        before = file.path.stat()
        batch_id = fingerprint(file)
        complete = plan.check_types(self.table, self.declared, self.existing)
        if complete and self.by_interval:
            timeless = self.times.outside(file, batch_id)
            if timeless is not None:
                self.outside_files += 1
                self.timeless += timeless
                return
        known = ledger.known_rows(self.connection, self.table, file, batch_id) if complete else None
        if known is not None:
            self.unchanged_files += 1
            self.result.skipped += ledger.count_rows(self.connection, self.table, self._scope(file))
            if known[1]:
                self.result.notes.append(
                    f"{file.label}: in {self.table.schema}.{REJECTS} since it was loaded: "
                    f"{counted(known[1], 'malformed row')}"
                )
            return
        with decoded(file, self.table.encoding) as text:
            self._replace(file, text, batch_id)
        after = file.path.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise FeatureStoreError(
                f"{file.label}: the file was changed while it was read",
                next_step="load again when whatever writes it has ended",
            )

    def _replace(self, file: SourceFile, text: SourceFile, batch_id: str) -> None:
        """Read a file, or its text in UTF-8, and make the raw rows in scope equal to it."""
        connection, table = self.connection, self.table
        create_temp_tables(connection)
        reader = READERS[file.format](connection, text, table, self.declared)
        reader.check_texts = self.check_texts
        reader.prepare()
        targets = plan.make_plan(table, reader, self.declared, self.existing)
        event_time, in_scope, fault_scope = "null::timestamp", "true", "true"
        for target in targets:
            if target.name.lower() == str(table.event_time).lower():
                time = event_time_of(table, target.conversion.value, target.kind)
                event_time = f"{time}::timestamp"
                if self.by_interval:
                    in_scope = self.request.interval(time)
                    # A row whose event time is null or unreadable may belong anywhere.
                    fault_scope = f"({in_scope} or {time} is null)"
        reader.stage(fault_scope)
        targets = fit_columns(connection, table, reader, targets, self.existing)
        malformed = find_faults(connection, reader, targets, event_time, fault_scope)
        if malformed and not self.request.quarantine:
            raise refuse(connection, reader, table, malformed)
        if table.event_time is not None:
            self.times.remember(file, reader, event_time, self.declared[table.event_time], batch_id)
        self.drift.add(reader, targets, self.declared, self.existing)
        self.existing = plan.add_columns(
            connection, table, {target.name: target.kind for target in targets}, self.existing
        )

        good = (
            f"{reader.record} not in (select record from load_bad_values)" if malformed else "true"
        )
        new = converted(targets)
        values = "".join(
            f"{value} as {identifier(target.name)}, "
            for target, value in zip(targets, new.values, strict=True)
        )
        values += f"{reader.record} as {ROW_NUMBER}"
        rows = f"select {values} from {new.source} where {in_scope} and {good}"
        if self.by_interval:
            self.timeless += count_of(
                connection,
                f"select count(*) from load_staged where {event_time} is null and {good}",
            )
        loaded, content_id = self._write(file, targets, rows, batch_id)
        changed = replace_rejects(
            connection,
            reader,
            table,
            self.request.interval("event_time") if self.by_interval else None,
            (self.loaded_at, content_id if self.by_interval else batch_id),
        )
        self.result.read += loaded + malformed
        self.result.rejected += malformed
        if not self.by_interval:
            ledger.remember(connection, table, file, batch_id, (loaded, malformed))
        elif changed:
            ledger.forget(connection, table, file)

    def _write(
        self, file: SourceFile, targets: list[plan.MappedColumn], rows: str, batch_id: str
    ) -> tuple[int, str]:
        """Replace the raw rows in scope, unless they are the same.

        The same rows without numbers, which an older loader wrote, are replaced by numbered ones
        that keep their load time: nothing about the data is newer than it was.

        Returns:
            the number of the file's rows in scope, and the hash of their content.
        """
        scope = self._scope(file)
        columns = self.existing
        data = [name for name in columns if name not in INTERNAL_COLUMNS]
        filled = {target.name for target in targets}
        absent = "".join(
            f", null::{columns[name]} as {identifier(name)}" for name in data if name not in filled
        )
        full = f"select *{absent} from ({rows})"
        old_count = ledger.count_rows(self.connection, self.table, scope)
        old = f"select * from {self.raw} where {scope}"
        content_id, count, same = "", None, False
        if old_count or self.by_interval:
            count, content_id = ledger.content(self.connection, full, data)
        if count == old_count:
            same = not old_count or ledger.content(self.connection, old, data)[1] == content_id
        missing = f"{scope} and {ROW_NUMBER} is null"
        if same and not ledger.count_rows(self.connection, self.table, missing):
            self.result.skipped += old_count
            self.unchanged_files += 1
            return old_count, content_id
        loaded_at = self.loaded_at
        if same:
            rows, loaded_at = ledger.with_load_times(self.connection, full, old, data), "_loaded_at"
            self.renumbered_files += 1
        names = ", ".join(identifier(name) for name in (*(t.name for t in targets), ROW_NUMBER))
        stamps = "_loaded_at, _source_file, _batch_id"
        self.connection.execute(f"delete from {self.raw} where {scope}")
        batch = content_id if self.by_interval else batch_id
        written = count_of(
            self.connection,
            f"""
            insert into {self.raw} ({names}, {stamps})
            select {names}, {loaded_at}, {literal(file.label)}, {literal(batch)} from ({rows})
            """,
        )
        self.result.loaded += written
        if self.by_interval:
            ledger.forget(self.connection, self.table, file)
        return written, content_id

    def _add_notes(self, files: list[SourceFile]) -> None:
        notes, many = self.result.notes, len(files)
        notes += self.drift.notes("loaded, and")
        if self.unchanged_files:
            what = "file" if many == 1 else f"{self.unchanged_files} of {many} files"
            kind = "interval" if self.by_interval else "content"
            notes.append(f"{what} skipped: the same {kind} is loaded already")
        if self.outside_files:
            what = "file" if many == 1 else f"{self.outside_files} of {many} files"
            notes.append(f"{what} not read: no row in the interval when last read")
        if self.renumbered_files:
            notes.append(
                f"{counted(self.renumbered_files, 'file')} loaded anew for the numbers of the rows "
                f"({ROW_NUMBER}); the content and _loaded_at stay"
            )
        if self.timeless:
            notes.append(
                f"{counted(self.timeless, 'row')} without {self.table.event_time}: only a load "
                "without --start and --end takes them"
            )
        if self.result.rejected:
            rejected = counted(self.result.rejected, "malformed row")
            notes.append(f"in {self.table.schema}.{REJECTS}: {rejected}")
        labels = ", ".join(literal(file.label) for file in files)
        gone = rows_of(
            self.connection,
            f"select distinct _source_file from {self.raw} where _source_file not in ({labels})",
        )
        for (label,) in sorted(gone):
            notes.append(f"{label} is no longer there: its rows stay")
