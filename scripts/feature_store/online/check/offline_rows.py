"""The rows of a served snapshot that a check compares: all of them, or a random sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import duckdb

from feature_store.online.check.same_value import offline_reader
from feature_store.online.layout.keys import KeySpace
from feature_store.registry.definitions import FeatureView
from feature_store.registry.served_relation import key_columns, warehouse_errors
from feature_store.warehouse.row_hash import row_hash_sql
from feature_store.warehouse.sql import identifier

#: Rows that are in memory at once.
CHUNK = 2_000


class OfflineRow(NamedTuple):
    """A current row of a served snapshot.

    Attributes:
        valid_from: when it began to be served (UTC, without zone).
        feature_time: UTC, with zone; None only in a snapshot that cannot be exported.
        values: the features, as the online store should return them.
    """

    key: str
    valid_from: datetime
    feature_time: datetime | None
    ids: dict[str, Any]
    values: list[Any]


@dataclass(frozen=True)
class OfflineRows:
    """The served snapshot of a view, of which a random sample is read.

    Every method raises FeatureStoreError where the snapshot is not as the project declares it.

    Attributes:
        sample: the number of entities; None is all of them.
    """

    connection: duckdb.DuckDBPyConnection
    keys: KeySpace
    view: FeatureView
    sample: int | None
    seed: int

    def current(self) -> Iterator[list[OfflineRow]]:
        """Yield the current rows in chunks."""
        view = self.view
        columns = ", ".join(
            f"cast({identifier(one.name)} as {one.data_type})"
            for one in (*view.entity, *view.features)
        )
        names = [key.name for key in view.entity]
        readers = {
            position: read
            for position, feature in enumerate(view.features)
            if (read := offline_reader(feature))
        }

        def values_of(values: list[Any]) -> list[Any]:
            for position, read in readers.items():
                if values[position] is not None:
                    values[position] = read(values[position])
            return values

        expressions = f"dbt_valid_from, cast(feature_time as timestamp), {columns}"
        for chunk in self._chunks(self._current_sql(expressions)):
            yield [
                OfflineRow(
                    key,
                    valid_from,
                    feature_time and feature_time.replace(tzinfo=UTC),
                    dict(zip(names, rest, strict=False)),
                    values_of(rest[len(names) :]),
                )
                for key, valid_from, feature_time, *rest in chunk
            ]

    def current_keys(self) -> list[str]:
        """Return the keys of the current rows."""
        return [key for chunk in self._chunks(self._current_sql()) for (key,) in chunk]

    def removed(self) -> Iterator[list[tuple[str, datetime]]]:
        """Yield, in chunks, the keys of entities that are no longer served, and since when."""
        columns = key_columns(self.view)
        known = " and ".join(f"{column} is not null" for column in columns)
        return self._chunks(f"""
            select {self.keys.entity_sql(self.view)}, removed_at
            from (
                select {", ".join(columns)}, max(dbt_valid_to) as removed_at
                from {self.view.served_relation}
                where {known}
                group by {", ".join(columns)}
                having count(dbt_valid_to) = count(*)
                {self._sample_sql()}
            )""")

    def _current_sql(self, *expressions: str) -> str:
        return f"""
            select {", ".join([self.keys.entity_sql(self.view), *expressions])}
            from (
                select * from {self.view.served_relation} where dbt_valid_to is null
                {self._sample_sql()}
            )"""

    def _sample_sql(self) -> str:
        """Return the clause that picks rows at random.

        A hash of the ids picks the same rows whatever the number of threads and the order of the
        table; DuckDB keeps only ``sample`` rows in memory while it reads.
        """
        if self.sample is None:
            return ""
        row_hash = row_hash_sql([*key_columns(self.view), f"{self.seed:d}"])
        return f"order by {row_hash} limit {self.sample:d}"

    def _chunks(self, query: str) -> Iterator[list[tuple[Any, ...]]]:
        # Streamed: the connection takes no other query until the last chunk was fetched.
        with warehouse_errors(self.view):
            self.connection.execute(query)
        while True:
            with warehouse_errors(self.view):
                chunk = self.connection.fetchmany(CHUNK)
            if not chunk:
                return
            yield chunk
