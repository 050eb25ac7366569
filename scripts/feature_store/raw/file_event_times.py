"""The least and the greatest event time of each file: an interval load skips the others.

They belong to a file's bytes and declaration, not to its name: a file that was written anew is
unknown and is read, one that was renamed is known.
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
    """Return a hash of all that decides, besides the bytes, which event times a file has."""
    text = f"{file_options(table, file)}:{table.event_time}"
    return hashlib.sha256(text.encode()).hexdigest()


class EventTimes:
    """The known event times of a table's files, and the interval that is to be loaded.

    Args:
        connection: the warehouse, with the raw table and the loader's own tables.
        table: the raw table, which has an event time.
        event_time: SQL of the event time of a raw row.
        request: the interval.
    """

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

    def _read(self) -> dict[tuple[str, str], int]:
        """Read once what is known, instead of once a file."""
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
        raw = identifier(self._table.schema, self._table.identifier)
        labels = rows_of(
            self._connection,
            f"""
            select distinct _source_file from {raw} where {self._request.interval(self._event_time)}
            union
            select source_file from {identifier(self._table.schema, REJECTS)}
            where table_name = ?
                and (event_time is null or {self._request.interval("event_time")})
            """,
            [self._table.identifier],
        )
        self._inside = {label for (label,) in labels}
        return {(batch_id, options): count for batch_id, options, count in rows}

    def outside(self, file: SourceFile, batch_id: str) -> int | None:
        """Return a file's number of rows without an event time if no row is in the interval.

        None: a row of the file may be in the interval, or the raw table has rows of an earlier
        content of the file there, which have to go.

        Args:
            file: the file.
            batch_id: the sha256 of its bytes.
        """
        if self._outside is None:
            self._outside = self._read()
        if file.label in self._inside:
            return None
        return self._outside.get((batch_id, _options(self._table, file)))

    def remember(
        self, file: SourceFile, reader: Reader, time: str, kind: str, batch_id: str
    ) -> None:
        """Note the event times of a file that is staged and whose errors were found.

        A file with a malformed row that has no readable event time is not noted: that row belongs
        to every interval.

        Args:
            file: the file.
            reader: its reader.
            time: SQL of a staged row's event time; null where it is not readable.
            kind: the canonical name of its declared type.
            batch_id: the sha256 of the file's bytes.
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
        # A nanosecond was rounded, perhaps up.
        rounded = " - interval 1 microsecond" if kind.endswith("_NS") else ""
        times = f"select {time} as event_time from {reader.all_rows()}"
        connection.execute(
            f"""
            insert into {self._name}
            select
                ?, ?, ?, ?, min(event_time){rounded}, max(event_time),
                count(*) filter (event_time is null)
            from ({times})
            """,
            [self._table.identifier, file.label, batch_id, _options(self._table, file)],
        )
