"""One export at work: locked, planned, sent, and looked at again where a server was replaced."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TypeVar

from feature_store.errors import FeatureStoreError
from feature_store.online.check.lost_keys import evicting_policy
from feature_store.online.connection.command_batch import Piece, pieces_of
from feature_store.online.connection.errors import refusal
from feature_store.online.connection.retry import SERVER_ERRORS, Patience, RefusedError
from feature_store.online.connection.topology import route_of
from feature_store.online.export.delta import (
    Changes,
    changes_of,
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
from feature_store.online.layout.keys import metadata_key
from feature_store.online.layout.metadata import (
    Metadata,
    claim_prefix,
    held_names,
    iso,
    joined_names,
)
from feature_store.online.layout.packed import same_columns, schema_id, schema_json, schema_key
from feature_store.online.layout.snapshot import warehouse_errors
from feature_store.registry.definitions import FeatureView

#: Rows whose commands the warehouse makes at once.
ROWS_AT_ONCE = 5_000
#: How often all is looked at, where a server is restarted or replaced during the export.
_ROUNDS = 3
#: The keys that an export has in an otherwise empty store: the project's, and the lock.
_OWN_KEYS = 2
_DISTURBED = "a server was restarted or replaced, or another exporter was at work"
_Answer = TypeVar("_Answer")


class Exporter:
    """An export over an open warehouse and an open online store.

    Args:
        context: the project, the warehouse, the online store, and what is asked.
    """

    def __init__(self, context: ExportContext):
        settings, self._prefix = context.settings, context.settings.prefix
        self._options, self._definitions = context.options, context.definitions
        self._connection, self._client = context.connection, context.client
        self._watcher = context.watcher
        self._route = route_of(self._client)
        self._verification = Verification(context, self._patiently)
        self._lock = ExportLock(
            self._client,
            self._prefix,
            lease=settings.lock_lease,
            wait=self._options.wait_seconds,
            say=self._watcher.said,
        )

    def plan(self, served: list[ServedView], sent: frozenset[str] = frozenset()) -> list[Changes]:
        """Decide what has to be sent of every view, before anything is.

        Args:
            served: what the warehouse serves.
            sent: labels of views that this export has sent in full already.

        Raises:
            FeatureStoreError: the online store holds the rows of a later time.
        """
        servers = self._route.servers() if self._route.is_divided else ""
        now, is_empty = self._route.time(), self._route.count_keys() <= _OWN_KEYS
        stored = [Metadata.read(self._client, self._prefix, one.view) for one in served]
        if not self._options.force:
            for one, metadata in zip(served, stored, strict=True):
                check_not_older(one, metadata, now)
        option = "--force" if self._options.force else "--full" if self._options.full else None
        return [
            changes_of(
                self._connection,
                one,
                metadata,
                full=None if one.view.label in sent else option,
                is_empty=is_empty,
                now=now,
                servers=servers,
            )
            for one, metadata in zip(served, stored, strict=True)
        ]

    def run(self, served: list[ServedView]) -> list[ExportedView]:
        """Send what has to be sent.

        A server that was restarted, or replaced by its replica, may have lost what it had taken
        before. Then no metadata are written, and everything is looked at again.

        Raises:
            FeatureStoreError: as ``export_features``.
        """
        claim = partial(claim_prefix, self._client, self._prefix, self._definitions.project_name)
        claim()  # before the lock, which is written too
        self._warn_of_eviction([one.view for one in served])
        done: dict[str, ExportedView] = {}
        with self._lock:
            for _ in range(_ROUNDS):
                self._patiently(claim)  # a server that lost its data has to be told again
                before = self._state()
                plan = partial(self.plan, served, frozenset(done))
                for changes in self._patiently(plan):
                    exported = self._export(changes, before)
                    if exported is None:
                        break
                    label = exported.view.label
                    if label not in done or exported.rows or exported.deleted:
                        done[label] = exported
                        self._watcher.finished(exported)
                else:
                    if self._state() == before:
                        return self._verification.verify([done[one.view.label] for one in served])
                self._watcher.said(f"{_DISTURBED}; looking at all views again")
        raise FeatureStoreError(
            f"{_ROUNDS} times during the export {_DISTURBED}",
            next_step="export again when that is over",
        )

    def _warn_of_eviction(self, views: list[FeatureView]) -> None:
        if policy := self._patiently(partial(evicting_policy, self._route, views)):
            self._watcher.said(
                f"warning: the server's maxmemory-policy is {policy}: when its memory is full it "
                "removes exported features. Next: set noeviction, or give it enough memory"
            )

    def _state(self) -> tuple[str, int]:
        """Return what changes where something that was sent may be lost, or was overwritten."""
        return self._patiently(self._route.servers), self._lock.gaps

    def _patiently(self, call: Callable[[], _Answer]) -> _Answer:
        """Call something that asks the servers, again where they are just being replaced."""
        patience = Patience(self._route.follows_failover)
        while True:
            try:
                return call()
            except SERVER_ERRORS as error:
                patience.wait(error)
                with suppress(*SERVER_ERRORS):
                    self._route.refresh()

    def _export(self, changes: Changes, before: tuple[str, int]) -> ExportedView | None:
        """Send what changed of a view; None where it has to be looked at again."""
        began = time.perf_counter()
        view, (servers, gaps) = changes.served.view, before
        self._watcher.began(changes)
        sent_bytes = 0
        if changes.rows or changes.departed:
            check = partial(self._lock.check, gaps)
            try:
                self._patiently(check)
                self._patiently(partial(self._prepare, changes))
                sent_bytes = self._send(changes, check)
                self._patiently(check)
            except (LockLostError, LockGapError) as error:
                # What was sent since then may lie over what the other exporter wrote.
                disturbed = {"disturbed": "two exporters at once"}
                self._patiently(partial(self._write, view, disturbed))
                if isinstance(error, LockGapError):
                    return None
                raise
            except RefusedError as error:
                raise refusal(view.label, error.reply) from error
        if self._state() != before or not self._patiently(partial(self._finish, changes, servers)):
            return None
        return ExportedView(
            view,
            changes.reason,
            changes.rows,
            changes.departed,
            changes.served.rows,
            sent_bytes,
            time.perf_counter() - began,
            last_export=changes.metadata.fields.get("exported_at", ""),
        )

    def _write(self, view: FeatureView, fields: dict[str, str | int]) -> None:
        self._client.hset(metadata_key(self._prefix, view), mapping=fields)

    def _prepare(self, changes: Changes) -> None:
        """Note what keys may hold from now on, before the first of them does."""
        view, watermark = changes.served.view, changes.served.watermark
        held = changes.metadata.held | held_names(view)
        target = target_of(self._connection, view, watermark)
        self._write(view, {"held": joined_names(held), "sending": target})
        if view.layout != "packed":
            return
        key, number = schema_key(self._prefix, view), schema_id(view)
        stored, schema = self._client.hget(key, str(number)), schema_json(view)
        if stored and not same_columns(stored, schema):
            raise FeatureStoreError(
                f"{view.label}: rows of an earlier definition have the schema number {number} too",
                next_step="give the view another version, or delete its keys and export again",
            )
        self._client.hset(key, str(number), schema)

    def _send(self, changes: Changes, check: Callable[[], None]) -> int:
        """Send rows and deletions, and wait until all are obeyed; return the bytes."""
        view = changes.served.view
        queries = []
        if changes.rows:
            rows = changes.rows_sql
            queries.append(row_commands_sql(self._prefix, view, rows, changes.before))
        if changes.departed:
            queries.append(delete_commands_sql(self._prefix, view, changes.departed_sql))
        sent_bytes = 0
        on_rows = partial(self._watcher.sent, view)
        with Sender(self._route, check, on_rows) as sender:
            for query in queries:
                for piece in self._pieces(view, query):
                    sent_bytes += len(piece.data)
                    sender.send(piece)
            sender.drain()
        return sent_bytes

    def _pieces(self, view: FeatureView, query: str) -> Iterator[Piece]:
        with warehouse_errors(view):
            for batch in self._connection.sql(query).to_arrow_reader(ROWS_AT_ONCE):
                yield from pieces_of(batch)

    def _finish(self, changes: Changes, servers: str) -> bool:
        """Write the metadata: everything that was sent is online; return whether that is so."""
        served, view = changes.served, changes.served.view
        fields: dict[str, str | int] = {
            "watermark": iso(served.watermark),
            "as_of": iso(served.as_of),
            "rows": served.rows,
            "dbt_invocation_id": served.invocation_id,
            "manifest_hash": view.definition_hash,
            "layout": view.layout,
            "exported_at": iso(self._route.time()),
            "history": history_of(self._connection, view, served.watermark),
            # Of a cluster these tell at any time whether a server was replaced.
            "servers": servers if self._route.is_divided else "",
            "sending": "",
        }
        if changes.since is None:
            fields |= {
                "held": joined_names(held_names(view)),
                "lives_from": iso(changes.planned_at) if view.ttl_seconds else "",
                "disturbed": "",
            }
        key = metadata_key(self._prefix, view)
        run_id = "" if self._route.is_divided else servers
        if not changes.metadata.complete(self._client, key, run_id, fields):
            return False
        # Always: the export that sent the last of these rows may have ended before this.
        self._forget_schemas(view)
        return True

    def _forget_schemas(self, view: FeatureView) -> None:
        """Remove the schemas that no row has any more."""
        key = schema_key(self._prefix, view)
        current = str(schema_id(view)) if view.layout == "packed" else None
        if others := [name for name in self._client.hkeys(key) if name != current]:
            self._client.hdel(key, *others)
