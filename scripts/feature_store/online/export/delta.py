"""Decides what an export sends of a view: all rows, those changed since the last one, or none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.online.export.protocol_sql import KeysBefore
from feature_store.online.export.served_views import ServedView
from feature_store.online.layout.metadata import Metadata, held_names, iso
from feature_store.registry.definitions import FeatureView
from feature_store.registry.served_relation import key_columns, warehouse_errors
from feature_store.warehouse.row_hash import fingerprint_sql
from feature_store.warehouse.sql import identifier

#: The reason to send only what the snapshot recorded since the last export.
CHANGES = "changes"
#: The largest difference between the clocks of the machines that run dbt and Redis.
_CLOCK_DIFFERENCE = timedelta(minutes=5)
_FUTURE = "that is in the future: an event or a clock had a wrong date when they were exported"
_FORCE = (
    "if the warehouse is right now (that event corrected, dbt build run since), export once with "
    "--force: it replaces everything that is online"
)
#: The first characters of the fingerprint of a snapshot's past; other ones are of earlier versions.
_HISTORY_VERSION = "2:"


@dataclass(frozen=True)
class Delta:
    """What an export of one view sends.

    Attributes:
        since: rows that the snapshot recorded after that time (UTC); None is all of them.
        removed: the number of entities whose keys are to be deleted.
        planned_at: the server's time (UTC) of this decision.
    """

    served: ServedView
    since: datetime | None
    reason: str
    before: KeysBefore
    rows: int
    removed: int
    planned_at: datetime
    metadata: Metadata

    @property
    def rows_sql(self) -> str:
        """The query of the rows to write."""
        return _rows_sql(self.served.view, self.since)

    @property
    def removed_sql(self) -> str:
        """The query of the entities that the view no longer serves."""
        return _removed_sql(self.served.view, self.since)


def _timestamp(time: datetime) -> str:
    return f"timestamp '{time.isoformat(sep=' ')}'"


def _rows_sql(view: FeatureView, since: datetime | None) -> str:
    newer = f" and dbt_valid_from > {_timestamp(since)}" if since else ""
    return f"select * from {view.served_relation} where dbt_valid_to is null{newer}"


def _removed_sql(view: FeatureView, since: datetime | None) -> str:
    keys = key_columns(view)
    columns = ", ".join(keys)
    newer = f" and dbt_valid_to > {_timestamp(since)}" if since else ""
    known = "".join(f" and {key} is not null" for key in keys)
    return f"""
        select {columns} from {view.served_relation} where dbt_valid_to is not null{newer}{known}
        except
        select {columns} from {view.served_relation} where dbt_valid_to is null"""


def check_not_older(served: ServedView, metadata: Metadata, now: datetime) -> None:
    """Check that an export does not replace newer rows by older ones."""
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
        is_future = online > now + _CLOCK_DIFFERENCE
        raise FeatureStoreError(
            f"{label}: the online store holds rows that were served at {iso(online)}, the "
            f"warehouse has none after {iso(served.watermark) or 'any time'}: it is older"
            + (f"; {_FUTURE}" if is_future else ""),
            next_step=_FORCE if is_future else "export from the newer warehouse, or with --force",
        )


@dataclass(frozen=True)
class DeltaPlanner:
    """Decides what an export sends of each view.

    Attributes:
        is_empty: whether the online store holds no rows at all.
        run_ids: of the nodes of a Cluster; nothing for a single server.
    """

    connection: duckdb.DuckDBPyConnection
    is_empty: bool
    now: datetime
    run_ids: str

    def plan(self, served: ServedView, metadata: Metadata, full: str | None) -> Delta:
        """Decide what has to be sent of a view.

        ``full`` is the option that says to send everything, whatever the metadata say.
        """
        view = served.view
        is_unfinished = self._is_unfinished(view, metadata)
        reason = full or self._reason_for_all(view, metadata)
        if is_unfinished and not reason:
            reason = "another export was not completed"
        since = None if reason else metadata.watermark
        disturbed = bool(full) or is_unfinished or bool(metadata.fields.get("disturbed"))
        before = KeysBefore(
            nothing=self.is_empty,
            only_rows=self.is_empty or not (disturbed or metadata.held - held_names(view)),
            may_have_ttl=metadata.watermark is None or bool(metadata.fields.get("lives_from")),
        )
        with warehouse_errors(view):
            [(rows, removed)] = self.connection.execute(
                f"""
                select
                    (select count(*) from ({_rows_sql(view, since)})),
                    (select count(*) from ({_removed_sql(view, since)}))"""
            ).fetchall()
        return Delta(served, since, reason or CHANGES, before, rows, removed, self.now, metadata)

    def _is_unfinished(self, view: FeatureView, metadata: Metadata) -> bool:
        """Return whether keys may hold rows of an unfinished export of another warehouse's state.

        Nothing in this warehouse says which rows: the definition was changed back, the warehouse
        was restored, or an earlier time was forced. An unfinished export from the watermark to a
        later state of this same warehouse does not count, as the next export continues it.
        """
        target, target_watermark = metadata.fields.get("sending"), metadata.sending_watermark
        if not target:
            return False
        if metadata.watermark and (
            target_watermark is None or target_watermark < metadata.watermark
        ):
            return True
        return target != target_of(self.connection, view, target_watermark)

    def _reason_for_all(self, view: FeatureView, metadata: Metadata) -> str | None:
        stored = metadata.fields
        if metadata.watermark is None:
            return "first export"
        if stored.get("disturbed"):
            return stored["disturbed"]
        if stored.get("manifest_hash") != view.definition_hash:
            return "new definition"
        if stored.get("servers", "") != self.run_ids:
            return "other servers"
        if view.ttl_seconds:
            half = timedelta(seconds=view.ttl_seconds / 2)
            if metadata.ttl_set_from is None or self.now - metadata.ttl_set_from >= half:
                return "half of the TTL is over"
        if not stored.get("history", "").startswith(_HISTORY_VERSION):
            return "an earlier version of the export"
        if history_of(self.connection, view, metadata.watermark) != stored["history"]:
            return "the snapshot's past was changed"
        return None


def history_of(
    connection: duckdb.DuckDBPyConnection, view: FeatureView, watermark: datetime | None
) -> str:
    """Return a fingerprint of the rows that were served at a time: all columns that are exported.

    A snapshot only grows, so it is the same whenever it is computed. If not, the snapshot was
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
    return _HISTORY_VERSION + fingerprint


def target_of(
    connection: duckdb.DuckDBPyConnection, view: FeatureView, watermark: datetime | None
) -> str:
    """Return a text for the state that an export leads to: the definition, and the served rows."""
    return f"{view.definition_hash} {iso(watermark)} {history_of(connection, view, watermark)}"
