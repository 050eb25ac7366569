"""The rows of a served snapshot that a check compares: all of them, or a random sample."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import duckdb

from feature_store.online.check.compare import offline_reader
from feature_store.online.layout.keys import entity_key_sql
from feature_store.online.layout.snapshot import key_columns, warehouse_errors
from feature_store.registry.definitions import FeatureView
from feature_store.warehouse.row_hash import row_hash_sql
from feature_store.warehouse.sql import identifier

#: Rows that are in memory at once.
CHUNK = 2_000


class OfflineRow(NamedTuple):
    """A current row of a served snapshot.

    Attributes:
        key: its Redis key, as the export makes it.
        valid_from: when it began to be served (UTC, without zone).
        feature_time: UTC, with zone; None only in a snapshot that cannot be exported.
        ids: the entity's, by key column.
        values: the features, as the online store should give them.
    """

    key: str
    valid_from: datetime
    feature_time: datetime | None
    ids: dict[str, Any]
    values: list[Any]


def _sample_sql(view: FeatureView, sample: int | None, seed: int) -> str:
    """Return the clause that picks rows at random.

    A hash of the ids picks the same rows whatever the number of threads and the order of the table;
    only the best ``sample`` rows are kept while it is read.
    """
    if sample is None:
        return ""
    return f"order by {row_hash_sql([*key_columns(view), f'{seed:d}'])} limit {sample:d}"


def offline_rows(
    connection: duckdb.DuckDBPyConnection,
    prefix: str,
    view: FeatureView,
    sample: int | None,
    seed: int,
) -> Iterator[list[OfflineRow]]:
    """Yield the current rows of a view in chunks.

    Raises:
        FeatureStoreError: the snapshot is not as the project declares it.
    """
    columns = ", ".join(
        f"cast({identifier(one.name)} as {one.data_type})" for one in (*view.entity, *view.features)
    )
    query = f"""
        select {entity_key_sql(prefix, view)}, dbt_valid_from, cast(feature_time as timestamp),
            {columns}
        from (
            select * from {view.served_relation} where dbt_valid_to is null
            {_sample_sql(view, sample, seed)}
        )"""
    names = [key.name for key in view.entity]
    count = len(names)
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

    for chunk in _chunks(connection, view, query):
        yield [
            OfflineRow(
                key,
                valid_from,
                feature_time and feature_time.replace(tzinfo=UTC),
                dict(zip(names, rest, strict=False)),
                values_of(rest[count:]),
            )
            for key, valid_from, feature_time, *rest in chunk
        ]


def current_keys(
    connection: duckdb.DuckDBPyConnection,
    prefix: str,
    view: FeatureView,
    sample: int,
    seed: int,
) -> list[str]:
    """Return the keys of a random sample of the current rows.

    Raises:
        FeatureStoreError: the snapshot is not as the project declares it.
    """
    query = f"""
        select {entity_key_sql(prefix, view)}
        from (
            select * from {view.served_relation} where dbt_valid_to is null
            {_sample_sql(view, sample, seed)}
        )"""
    return [key for chunk in _chunks(connection, view, query) for (key,) in chunk]


def departed_entities(
    connection: duckdb.DuckDBPyConnection,
    prefix: str,
    view: FeatureView,
    sample: int | None,
    seed: int,
) -> Iterator[list[tuple[str, datetime]]]:
    """Yield, in chunks, the keys of entities that were served and are no longer, and since when.

    Raises:
        FeatureStoreError: the snapshot is not as the project declares it.
    """
    keys = key_columns(view)
    known = " and ".join(f"{key} is not null" for key in keys)
    query = f"""
        select {entity_key_sql(prefix, view)}, departed_at
        from (
            select {", ".join(keys)}, max(dbt_valid_to) as departed_at
            from {view.served_relation}
            where {known}
            group by {", ".join(keys)}
            having count(dbt_valid_to) = count(*)
            {_sample_sql(view, sample, seed)}
        )"""
    return _chunks(connection, view, query)


def _chunks(
    connection: duckdb.DuckDBPyConnection, view: FeatureView, query: str
) -> Iterator[list[tuple[Any, ...]]]:
    # Streamed: the connection takes no other query until the last chunk was taken.
    with warehouse_errors(view):
        connection.execute(query)
    while True:
        with warehouse_errors(view):
            chunk = connection.fetchmany(CHUNK)
        if not chunk:
            return
        yield chunk
