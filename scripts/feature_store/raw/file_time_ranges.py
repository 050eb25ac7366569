"""The least and the greatest event time of each file, by which an interval load skips files.

They are recorded in ``raw_file_times`` for the bytes and the declaration of a file, not for its
name: a file with new bytes is read again, a renamed file is not.
"""

from __future__ import annotations

import hashlib

import duckdb

from feature_store.raw.files import SourceFile
from feature_store.raw.internal_names import FILE_TIMES, REJECTS
from feature_store.raw.load_request import LoadRequest
from feature_store.raw.loaded_files import file_options
from feature_store.raw.readers.base import Reader
from feature_store.raw.sources import RawTable
from feature_store.warehouse.sql import count_of, identifier, rows_of


def _options(table: RawTable, file: SourceFile) -> str:
    """Return a hash of everything besides the bytes that decides which event times a file has."""
    text = f"{file_options(table, file)}:{table.event_time}"
    return hashlib.sha256(text.encode()).hexdigest()


class FileEventTimes:
    """The recorded event times of a table's files, compared with the interval to load."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: RawTable,
        event_time: str,
        request: LoadRequest,
    ):
        self._connection = connection
        self._table = table
        self._event_time = event_time
        self._request = request
        self._name = identifier(table.schema, FILE_TIMES)
        self._outside: dict[tuple[str, str], int] | None = None
        self._inside: set[str] = set()

    def outside(self, file: SourceFile, batch_id: str) -> int | None:
        """Return a file's number of rows without an event time if no row is in the interval.

        None: a row of the file may be in the interval, or the raw table has rows of an earlier
        content of the file there, which the load has to delete.
        """
        if self._outside is None:  # Read once a load, not once a file.
            self._outside = self._files_outside()
            self._inside = self._labels_inside()
        if file.label in self._inside:
            return None
        return self._outside.get((batch_id, _options(self._table, file)))

    def _files_outside(self) -> dict[tuple[str, str], int]:
        """Return the rows without a time of the recorded files that have no row in the interval."""
        start, end = self._request.bounds
        before = f"greatest < {start}" if start else "false"
        after = f"least >= {end}" if end else "false"
        rows = rows_of(
            self._connection,
            f"""
            select batch_id, options, without_time from {self._name}
            where table_name = ? and (least is null or {before} or {after})
            """,
            [self._table.identifier],
        )
        return {(batch_id, options): count for batch_id, options, count in rows}

    def _labels_inside(self) -> set[str]:
        """Return the files with raw rows or rejected rows in the interval."""
        labels = rows_of(
            self._connection,
            f"""
            select distinct _source_file from {self._table.relation}
            where {self._request.interval(self._event_time)}
            union
            select source_file from {identifier(self._table.schema, REJECTS)}
            where table_name = ?
                and (event_time is null or {self._request.interval("event_time")})
            """,
            [self._table.identifier],
        )
        return {label for (label,) in labels}

    def record(self, file: SourceFile, reader: Reader, time: str, kind: str, batch_id: str) -> None:
        """Record the event times of a staged file whose malformed rows are known.

        A file with a malformed row that has no readable event time is not recorded, because that
        row belongs to every interval. ``time`` is the SQL of a staged row's event time, null where
        it is not readable.
        """
        connection = self._connection
        connection.execute(
            f"delete from {self._name} where table_name = ? and source_file = ?",
            [self._table.identifier, file.label],
        )
        if count_of(
            connection,
            "select (select count(*) from load_malformed where event_time is null)"
            " + (select count(*) from load_bad_values where event_time is null)",
        ):
            return
        # The table has microseconds: a time with nanoseconds was rounded, perhaps up.
        rounded = " - interval 1 microsecond" if kind.endswith("_NS") else ""
        connection.execute(
            f"""
            insert into {self._name}
            select
                ?, ?, ?, ?, min(event_time){rounded}, max(event_time),
                count(*) filter (event_time is null)
            from (select {time} as event_time from {reader.all_rows()})
            """,
            [self._table.identifier, file.label, batch_id, _options(self._table, file)],
        )
