"""The export: the served rows of green feature views, copied to the online store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import redis

from feature_store.build_status import NodeResult, check_green
from feature_store.definitions import FeatureDefinitions, FeatureView
from feature_store.errors import FeatureStoreError
from feature_store.online.commands import commands_sql
from feature_store.online.keys import metadata_key, project_key
from feature_store.online.pipe import CommandPipe
from feature_store.raw.sql import identifier

#: Rows whose commands are sent at once: a few megabytes.
ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class PlannedExport:
    """What an export of one view would send.

    Attributes:
        view: the feature view's version.
        rows: its current served rows, one an entity.
        watermark: when the newest of them began to be served (UTC); None without rows.
        invocation_id: the dbt run that took the served snapshot.
    """

    view: FeatureView
    rows: int
    watermark: datetime | None
    invocation_id: str


@dataclass(frozen=True)
class ExportedView:
    """What the export of one view did: rows and bytes sent, seconds taken."""

    view: FeatureView
    rows: int
    sent_bytes: int
    seconds: float


def choose_views(definitions: FeatureDefinitions, labels: list[str]) -> list[FeatureView]:
    """Return the served views with the given names, or all of them.

    Args:
        definitions: the project's feature views.
        labels: ``customer_purchases`` (every served version) or ``customer_purchases:v1``.

    Raises:
        FeatureStoreError: there is no such view or version, or it is not served.
    """
    served = [view for view in definitions.views if view.served_id]
    if not labels:
        if not served:
            raise FeatureStoreError(
                "no feature view has a snapshot of served rows",
                next_step="add an online view and a snapshot (docs/add_a_feature_view.md)",
            )
        return served
    chosen: list[FeatureView] = []
    for label in labels:
        name, _, version = label.partition(":v")
        definitions.view(name, version or None)
        matching = [
            view
            for view in served
            if view.name == name and (not version or str(view.version) == version)
        ]
        if not matching:
            raise FeatureStoreError(
                f"{label}: is not served",
                allowed=", ".join(view.label for view in served) or "there are none",
                next_step="add an online view and a snapshot (docs/add_a_feature_view.md)",
            )
        chosen.extend(view for view in matching if view not in chosen)
    return chosen


def plan_export(
    connection: duckdb.DuckDBPyConnection,
    prefix: str,
    definitions: FeatureDefinitions,
    views: list[FeatureView],
    results: dict[str, NodeResult],
) -> list[PlannedExport]:
    """Check that every view is green and can be sent as it is declared, and count its rows.

    Raises:
        FeatureStoreError: a view is not green, its snapshot has not the declared columns, the type
            of a column cannot be served, or a row has no entity or feature time; nothing was sent.
    """
    planned = []
    for view in views:
        invocation_id = check_green(definitions, view, results)
        needed = [*(identifier(key.name) for key in view.entity), "feature_time"]
        lacking = " or ".join(f"{name} is null" for name in needed)
        with _warehouse_errors(view):
            connection.sql(commands_sql(prefix, view))  # only bound, not run
            [(rows, watermark, incomplete)] = connection.execute(
                f"select count(*), max(dbt_valid_from), count(*) filter ({lacking}) "
                f"from {view.served_relation} where dbt_valid_to is null"
            ).fetchall()
        if incomplete:
            raise FeatureStoreError(
                f"{view.label}: {incomplete:,} of the {rows:,} rows of {view.served_relation} "
                f"have no {', '.join(needed)}",
                next_step="give these columns not_null constraints, then run dbt build",
            )
        planned.append(PlannedExport(view, rows, watermark, invocation_id))
    return planned


@contextmanager
def _warehouse_errors(view: FeatureView) -> Iterator[None]:
    """Turn DuckDB's errors into one that says which view cannot be read."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        first_line = str(error).strip().splitlines()[0]
        raise FeatureStoreError(
            f"{view.label}: {view.served_relation} cannot be read as the project declares it: "
            f"{first_line}",
            next_step="run dbt build, then export again",
        ) from error


def claim_prefix(client: redis.Redis, prefix: str, project_name: str) -> None:
    """Make sure that the keys below the prefix are this project's.

    Raises:
        FeatureStoreError: another project has claimed the prefix on this server.
        redis.RedisError: the server refused, or the connection broke.
    """
    key = project_key(prefix)
    client.set(key, project_name, nx=True)
    owner = client.get(key)
    if owner != project_name:
        raise FeatureStoreError(
            f"the keys {prefix}:… on this Redis server belong to the project {owner!r}",
            allowed=f"a server or prefix of the project {project_name!r}",
            next_step="choose another server (REDIS_URL) or prefix (FEATURE_STORE_PREFIX)",
        )


def export_view(
    connection: duckdb.DuckDBPyConnection,
    client: redis.Redis,
    prefix: str,
    planned: PlannedExport,
    on_rows: Callable[[int], None] = lambda rows: None,
) -> ExportedView:
    """Send all current rows of a view; the metadata follow when every reply was checked.

    Args:
        connection: the warehouse.
        client: the online store.
        prefix: first part of every key.
        planned: from :func:`plan_export`.
        on_rows: called with the number of rows of each piece that was sent.

    Raises:
        FeatureStoreError: the warehouse cannot be read, or the server refused a command.
        redis.RedisError: the connection broke, or the server refused the metadata.
    """
    began = time.perf_counter()
    view = planned.view
    sent_bytes = rows = 0
    with _warehouse_errors(view), CommandPipe(client, view.label) as pipe:
        query = connection.sql(commands_sql(prefix, view))
        for batch in query.to_arrow_reader(ROWS_AT_ONCE):
            commands, reply_lines = batch.column("commands"), batch.column("reply_lines")
            piece = _text_bytes(commands)
            pipe.send(piece, sum(reply_lines.to_pylist()))
            sent_bytes += len(piece)
            rows += len(commands)
            on_rows(len(commands))
        pipe.drain()
    client.hset(
        metadata_key(prefix, view),
        mapping={
            "watermark": f"{planned.watermark.isoformat()}Z" if planned.watermark else "",
            "rows": rows,
            "dbt_invocation_id": planned.invocation_id,
            "manifest_hash": view.definition_hash,
            "exported_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        },
    )
    return ExportedView(view, rows, sent_bytes, time.perf_counter() - began)


def _text_bytes(texts: pa.Array) -> memoryview:
    """Return the bytes of an Arrow string array without nulls, end to end, without copying."""
    _, offsets, data = texts.buffers()
    if data is None:
        return memoryview(b"")
    width = "q" if pa.types.is_large_string(texts.type) else "i"
    positions = memoryview(offsets).cast(width)
    first, last = positions[texts.offset], positions[texts.offset + len(texts)]
    return memoryview(data)[first:last]
