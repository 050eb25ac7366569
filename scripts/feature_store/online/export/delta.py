"""What an export has to send: all rows, what changed since the last one, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.online.export.protocol_sql import KeysBefore
from feature_store.online.export.served_views import ServedView
from feature_store.online.layout.metadata import Metadata, held_names, iso
from feature_store.online.layout.snapshot import key_columns, warehouse_errors
from feature_store.registry.definitions import FeatureView
from feature_store.warehouse.row_hash import fingerprint_sql
from feature_store.warehouse.sql import identifier

#: The reason to send only what the snapshot recorded since the last export.
CHANGES = "changes"
#: How far the clocks of the machines that run dbt and Redis may be apart.
_CLOCKS = timedelta(minutes=5)
_FUTURE = "that is in the future: an event or a clock had a wrong date when they were exported"
_FORCE = (
    "if the warehouse is right now (that event corrected, dbt build run since), export once with "
    "--force: it replaces everything that is online"
)
#: Begins the fingerprint of a snapshot's past; another beginning is of an earlier version of it.
_HISTORY = "2:"


@dataclass(frozen=True)
class Changes:
    """What an export of one view sends.

    Attributes:
        served: what the warehouse serves.
        since: rows that the snapshot recorded after that time (UTC); None is all of them.
        reason: why everything is sent, or ``CHANGES``.
        before: what the keys may hold.
        rows: rows to write.
        departed: entities whose keys are to be deleted.
        planned_at: the server's time (UTC) of this decision.
        metadata: what the online store said before.
    """

    served: ServedView
    since: datetime | None
    reason: str
    before: KeysBefore
    rows: int
    departed: int
    planned_at: datetime
    metadata: Metadata

    @property
    def rows_sql(self) -> str:
        """The query of the rows to write."""
        newer = f" and dbt_valid_from > {_timestamp(self.since)}" if self.since else ""
        return f"select * from {self.served.view.served_relation} where dbt_valid_to is null{newer}"

    @property
    def departed_sql(self) -> str:
        """The query of the entities that the view no longer serves."""
        return _departed_sql(self.served.view, self.since)


def _timestamp(time: datetime) -> str:
    return f"timestamp '{time.isoformat(sep=' ')}'"


def _departed_sql(view: FeatureView, since: datetime | None) -> str:
    keys = key_columns(view)
    columns = ", ".join(keys)
    newer = f" and dbt_valid_to > {_timestamp(since)}" if since else ""
    known = "".join(f" and {key} is not null" for key in keys)
    return f"""
        select {columns} from {view.served_relation} where dbt_valid_to is not null{newer}{known}
        except
        select {columns} from {view.served_relation} where dbt_valid_to is null"""


def history_of(
    connection: duckdb.DuckDBPyConnection, view: FeatureView, watermark: datetime | None
) -> str:
    """Return a fingerprint of the rows that were served at a time: all columns that are exported.

    A snapshot only grows: whoever computes it later gets the same. If not, the snapshot was
    restored, edited or written by a clock that went backwards, and cannot say what changed.
    """
    if watermark is None:
        return ""
    then = _timestamp(watermark)
    features = [identifier(feature.name) for feature in view.features]
    columns = [*key_columns(view), "feature_time", "dbt_valid_from", *features]
    with warehouse_errors(view):
        [(fingerprint,)] = connection.execute(
            f"select {fingerprint_sql(columns)} "
            f"from {view.served_relation} where dbt_valid_from <= {then} "
            f"and (dbt_valid_to is null or dbt_valid_to > {then})"
        ).fetchall()
    return _HISTORY + fingerprint


def target_of(
    connection: duckdb.DuckDBPyConnection, view: FeatureView, watermark: datetime | None
) -> str:
    """Return what an export leads to: a definition, and the rows that were served at a time."""
    return f"{view.definition_hash} {iso(watermark)} {history_of(connection, view, watermark)}"


def _was_left_undone(
    connection: duckdb.DuckDBPyConnection, view: FeatureView, metadata: Metadata
) -> bool:
    """Return whether an export ended early that led to something else than the warehouse holds.

    Keys have its rows, and nothing in this warehouse says which: the definition was taken back, the
    warehouse restored, or an earlier time forced. An export that led from the watermark to what
    this warehouse held later is only gone on with.
    """
    target, led_to = metadata.fields.get("sending"), metadata.sending_watermark
    if not target:
        return False
    if metadata.watermark and (led_to is None or led_to < metadata.watermark):
        return True
    return target != target_of(connection, view, led_to)


def check_not_older(served: ServedView, metadata: Metadata, now: datetime) -> None:
    """Refuse to write older rows over newer ones.

    Args:
        served: what the warehouse serves.
        metadata: what the online store says.
        now: the server's time (UTC).

    Raises:
        FeatureStoreError: the online store holds the rows of a later time.
    """
    label, online = served.view.label, metadata.as_of
    if online and served.as_of:
        if served.as_of < online:
            is_future = online > now + timedelta(seconds=served.view.grain_seconds)
            raise FeatureStoreError(
                f"{label}: the online store holds the features as of {online:%Y-%m-%d %H:%M:%S}, "
                f"the warehouse those as of {served.as_of:%Y-%m-%d %H:%M:%S} (UTC)"
                + (f"; {_FUTURE}" if is_future else ""),
                next_step=_FORCE
                if is_future
                else "run dbt build for the later time, or export with --force",
            )
        if served.as_of > online:
            return
    online = metadata.watermark
    if online and (served.watermark is None or served.watermark < online):
        is_future = online > now + _CLOCKS
        raise FeatureStoreError(
            f"{label}: the online store holds rows that were served at {iso(online)}, the "
            f"warehouse has none after {iso(served.watermark) or 'any time'}: it is older"
            + (f"; {_FUTURE}" if is_future else ""),
            next_step=_FORCE if is_future else "export from the newer warehouse, or with --force",
        )


def changes_of(
    connection: duckdb.DuckDBPyConnection,
    served: ServedView,
    metadata: Metadata,
    *,
    full: str | None,
    is_empty: bool,
    now: datetime,
    servers: str,
) -> Changes:
    """Decide what has to be sent of a view.

    Args:
        connection: the warehouse.
        served: what it serves.
        metadata: what the online store says.
        full: the option that says to send everything, whatever the metadata say.
        is_empty: whether the online store holds no rows at all.
        now: the server's time (UTC).
        servers: of a cluster, its nodes; nothing for a single server.
    """
    view = served.view
    undone = _was_left_undone(connection, view, metadata)
    reason = _reason_for_all(connection, served, metadata, full=full, now=now, servers=servers)
    if undone and not reason:
        reason = "another export was not completed"
    since = None if reason else metadata.watermark
    disturbed = bool(full) or undone or bool(metadata.fields.get("disturbed"))
    before = KeysBefore(
        nothing=is_empty,
        only_rows=is_empty or not (disturbed or metadata.held - held_names(view)),
        lives=metadata.watermark is None or bool(metadata.fields.get("lives_from")),
    )
    newer = f" and dbt_valid_from > {_timestamp(since)}" if since else ""
    with warehouse_errors(view):
        [(rows, departed)] = connection.execute(
            f"""
            select
                (
                    select count(*) from {view.served_relation}
                    where dbt_valid_to is null{newer}
                ),
                (select count(*) from ({_departed_sql(view, since)}))"""
        ).fetchall()
    return Changes(served, since, reason or CHANGES, before, rows, departed, now, metadata)


def _reason_for_all(
    connection: duckdb.DuckDBPyConnection,
    served: ServedView,
    metadata: Metadata,
    *,
    full: str | None,
    now: datetime,
    servers: str,
) -> str | None:
    """Return why everything has to be sent, or None."""
    view, stored = served.view, metadata.fields
    if full:
        return full
    if metadata.watermark is None:
        return "first export"
    if stored.get("disturbed"):
        return stored["disturbed"]
    if stored.get("manifest_hash") != view.definition_hash:
        return "new definition"
    if stored.get("servers", "") != servers:
        return "other servers"
    if view.ttl_seconds:
        half = timedelta(seconds=view.ttl_seconds / 2)
        if metadata.lives_from is None or now - metadata.lives_from >= half:
            return "half of the TTL is over"
    if not stored.get("history", "").startswith(_HISTORY):
        return "an earlier version of the export"
    if history_of(connection, view, metadata.watermark) != stored["history"]:
        return "the snapshot's past was changed"
    return None
