"""An export: locked, planned, sent, and planned again where a server was replaced meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from feature_store.errors import FeatureStoreError
from feature_store.online.check.lost_keys import evicting_policy
from feature_store.online.connection.command_batch import CommandBatch, command_batches
from feature_store.online.connection.errors import command_error
from feature_store.online.connection.retry import ReplyError
from feature_store.online.export.delta import (
    Delta,
    DeltaPlanner,
    check_not_older,
    history_of,
    target_of,
)
from feature_store.online.export.lock import ExportLock, LockGapError, LockLostError
from feature_store.online.export.options import ExportContext, ExportedView
from feature_store.online.export.protocol_sql import delete_commands_sql, row_commands_sql
from feature_store.online.export.sender import Sender
from feature_store.online.export.served_views import ServedView
from feature_store.online.export.verification import Verification
from feature_store.online.layout.metadata import held_names, iso, joined_names
from feature_store.online.layout.packed import same_columns, schema_id, schema_json
from feature_store.registry.definitions import FeatureView
from feature_store.registry.served_relation import warehouse_errors

#: Rows whose commands the warehouse makes at once.
ROWS_AT_ONCE = 5_000
#: How often an export plans anew, where a server is restarted or replaced meanwhile.
_ROUNDS = 3
#: The keys that an export has in an otherwise empty store: the project's, and the lock.
_OWN_KEYS = 2
_DISTURBED = "a server was restarted or replaced, or another exporter was at work"


class _State(NamedTuple):
    """What changes if rows that were sent may have been lost, or overwritten."""

    run_ids: str
    lock_gaps: int


class Exporter:
    """An export over an open warehouse and an open online store."""

    def __init__(self, context: ExportContext):
        self._options, self._definitions = context.options, context.definitions
        self._connection, self._store = context.connection, context.store
        self._topology, self._retry = context.store.topology, context.store.retry
        self._progress = context.progress
        self._verification = Verification(context)
        self._lock = ExportLock(
            context.store,
            lease=context.settings.lock_lease,
            wait=self._options.wait_seconds,
            message=self._progress.message,
        )

    def plan(self, served: list[ServedView], sent: frozenset[str] = frozenset()) -> list[Delta]:
        """Decide what has to be sent of every view, before anything is.

        ``sent`` has the labels of views that this export has sent in full already.
        """
        planner = DeltaPlanner(
            self._connection,
            is_empty=self._topology.count_keys() <= _OWN_KEYS,
            now=self._topology.time(),
            run_ids=self._topology.run_ids() if self._topology.is_sharded else "",
        )
        stored = [(one, self._store.read_metadata(one.view)) for one in served]
        if not self._options.force:
            for one, metadata in stored:
                check_not_older(one, metadata, planner.now)
        option = "--force" if self._options.force else "--full" if self._options.full else None
        return [
            planner.plan(one, metadata, None if one.view.label in sent else option)
            for one, metadata in stored
        ]

    def run(self, served: list[ServedView]) -> list[ExportedView]:
        """Send what has to be sent.

        A server that was restarted, or replaced by its replica, may have lost rows that it had
        taken. Then no metadata are written, and everything is planned again.
        """
        claim = partial(self._store.claim_prefix, self._definitions.project_name)
        claim()  # before the lock, which is written too
        self._warn_of_eviction([one.view for one in served])
        done: dict[str, ExportedView] = {}
        with self._lock:
            for _ in range(_ROUNDS):
                self._retry(claim)  # again, as a server may have lost its data
                before = self._state()
                plan = partial(self.plan, served, frozenset(done))
                for delta in self._retry(plan):
                    exported = self._export(delta, before)
                    if exported is None:
                        break
                    label = exported.view.label
                    if label not in done or exported.rows or exported.deleted:
                        done[label] = exported
                        self._progress.view_finished(exported)
                else:
                    if self._state() == before:
                        return self._verification.verify([done[one.view.label] for one in served])
                self._progress.message(f"{_DISTURBED}; all views are checked again")
        raise FeatureStoreError(
            f"{_ROUNDS} times during the export {_DISTURBED}",
            next_step="export again when that is over",
        )

    def _warn_of_eviction(self, views: list[FeatureView]) -> None:
        if policy := self._retry(partial(evicting_policy, self._topology, views)):
            self._progress.message(
                f"warning: the server's maxmemory-policy is {policy}: when its memory is full it "
                "removes exported features. Next: set noeviction, or give it enough memory"
            )

    def _state(self) -> _State:
        return _State(self._retry(self._topology.run_ids), self._lock.gaps)

    def _export(self, delta: Delta, before: _State) -> ExportedView | None:
        """Send what changed of a view; None where it has to be planned again."""
        began = time.perf_counter()
        view = delta.served.view
        self._progress.view_started(delta)
        sent_bytes = 0
        if delta.rows or delta.removed:
            check = partial(self._lock.check, before.lock_gaps)
            try:
                self._retry(check)
                self._retry(partial(self._prepare, delta))
                sent_bytes = self._send(delta, check)
                self._retry(check)
            except (LockLostError, LockGapError) as error:
                # Rows of this export may have replaced newer ones of the other exporter.
                disturbed = {"disturbed": "two exporters at once"}
                self._retry(partial(self._store.write_metadata, view, disturbed))
                if isinstance(error, LockGapError):
                    return None
                raise
            except ReplyError as error:
                raise command_error(view.label, error.reply) from error
        complete = partial(self._complete, delta, before.run_ids)
        if self._state() != before or not self._retry(complete):
            return None
        return ExportedView(
            view,
            delta.reason,
            delta.rows,
            delta.removed,
            delta.served.rows,
            sent_bytes,
            time.perf_counter() - began,
            last_export=delta.metadata.fields.get("exported_at", ""),
        )

    def _prepare(self, delta: Delta) -> None:
        """Write what keys may hold from now on, before the first of them does."""
        view, watermark = delta.served.view, delta.served.watermark
        held = delta.metadata.held | held_names(view)
        target = target_of(self._connection, view, watermark)
        self._store.write_metadata(view, {"held": joined_names(held), "sending": target})
        if view.layout != "packed":
            return
        client, key = self._store.client, self._store.keys.schemas(view)
        number, schema = str(schema_id(view)), schema_json(view)
        stored = client.hget(key, number)
        if stored and not same_columns(stored, schema):
            raise FeatureStoreError(
                f"{view.label}: rows of an earlier definition have the schema number {number} too",
                next_step="give the view another version, or delete its keys and export again",
            )
        client.hset(key, number, schema)

    def _send(self, delta: Delta, check: Callable[[], None]) -> int:
        """Send rows and deletions, and wait for all replies; return the number of bytes."""
        view, keys = delta.served.view, self._store.keys
        queries = []
        if delta.rows:
            queries.append(row_commands_sql(keys, view, delta.rows_sql, delta.before))
        if delta.removed:
            queries.append(delete_commands_sql(keys, view, delta.removed_sql))
        sent_bytes = 0
        on_rows = partial(self._progress.rows_sent, view)
        with Sender(self._topology, check, on_rows) as sender:
            for query in queries:
                for batch in self._batches(view, query):
                    sent_bytes += len(batch.data)
                    sender.send(batch)
            sender.drain()
        return sent_bytes

    def _batches(self, view: FeatureView, query: str) -> Iterator[CommandBatch]:
        with warehouse_errors(view):
            for records in self._connection.sql(query).to_arrow_reader(ROWS_AT_ONCE):
                yield from command_batches(records)

    def _complete(self, delta: Delta, run_ids: str) -> bool:
        """Write the metadata that say that all rows are online; return whether that is so."""
        served, view = delta.served, delta.served.view
        is_sharded = self._topology.is_sharded
        fields: dict[str, str | int] = {
            "watermark": iso(served.watermark),
            "as_of": iso(served.as_of),
            "rows": served.rows,
            "dbt_invocation_id": served.invocation_id,
            "manifest_hash": view.definition_hash,
            "layout": view.layout,
            "exported_at": iso(self._topology.time()),
            "history": history_of(self._connection, view, served.watermark),
            # Later exports compare these: a Cluster's metadata survive the loss of another node.
            "servers": run_ids if is_sharded else "",
            "sending": "",
        }
        if delta.since is None:
            fields |= {
                "held": joined_names(held_names(view)),
                "lives_from": iso(delta.planned_at) if view.ttl_seconds else "",
                "disturbed": "",
            }
        run_id = "" if is_sharded else run_ids
        if not self._store.complete_metadata(view, delta.metadata, run_id, fields):
            return False
        # Always: the export that sent the last of these rows may have ended before this.
        self._delete_old_schemas(view)
        return True

    def _delete_old_schemas(self, view: FeatureView) -> None:
        """Delete the schemas that no row has any more."""
        client, key = self._store.client, self._store.keys.schemas(view)
        current = str(schema_id(view)) if view.layout == "packed" else None
        if others := [name for name in client.hkeys(key) if name != current]:
            client.hdel(key, *others)
