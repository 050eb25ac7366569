"""The comparison of the rows in the online store with those of the warehouse, column by column."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import duckdb

from feature_store.display import shortened
from feature_store.online.check.findings import (
    KINDS,
    MAX_WIDTH,
    CheckedView,
    Findings,
    Note,
    is_redeclared,
    was_exported,
)
from feature_store.online.check.key_types_and_ttls import (
    KeyState,
    foreign_fields,
    key_states,
    ttl_error,
)
from feature_store.online.check.offline_rows import OfflineRow, OfflineRows
from feature_store.online.check.online_rows import OnlineRow, OnlineRows
from feature_store.online.check.same_value import same_value
from feature_store.online.connection.online_store import OnlineStore
from feature_store.online.layout.metadata import Metadata
from feature_store.online.layout.readable_times import check_times
from feature_store.online.layout.types import FEATURE_TIME
from feature_store.registry.definitions import FeatureDefinitions, FeatureView
from feature_store.registry.served_relation import warehouse_errors

#: In the place of a column's name for the row as a whole.
_ROW = "(row)"
#: Of a row: the column that differs, and its value offline and online.
Difference = tuple[str, Any, Any]


def new_seed() -> int:
    """Return a seed that chooses another sample each time."""
    return random.SystemRandom().randrange(1 << 31)


def check_view(
    connection: duckdb.DuckDBPyConnection,
    store: OnlineStore,
    definitions: FeatureDefinitions,
    view: FeatureView,
    *,
    sample: int | None = 10_000,
    seed: int | None = None,
    on_rows: Callable[[int], None] = lambda rows: None,
) -> CheckedView:
    """Read a view's rows as a service does, and compare them with the warehouse.

    Nothing is written. Memory does not grow with the number of rows. ``sample`` entities are
    compared, and as many removed ones, whose keys must not exist; None is all of them. The same
    ``seed`` chooses the same entities.

    Raises:
        UnreadableTimeError: a row has a time that Python cannot read.
        FeatureStoreError: the snapshot cannot be read, or the server replied with an error.
        redis.RedisError: the connection broke.
    """
    seed = new_seed() if seed is None else seed
    metadata = store.read_metadata(view)
    check = _Check(store, definitions, view, metadata)
    began = time.perf_counter()
    checked = removed = 0
    if was_exported(metadata):
        with warehouse_errors(view):
            check_times(connection, store.keys, view)
        offline = OfflineRows(connection, store.keys, view, sample, seed)
        for rows in offline.current():
            check.compare(rows)
            checked += len(rows)
            on_rows(len(rows))
        for entities in offline.removed():
            check.expect_no_keys(entities)
            removed += len(entities)
            on_rows(len(entities))
    findings = check.findings
    return CheckedView(
        view=view,
        metadata=metadata,
        seed=seed,
        checked=checked,
        removed=removed,
        counts={kind: findings.counts[kind] for kind in KINDS},
        columns=dict(findings.columns.most_common()),
        examples=findings.examples,
        needs_full=findings.needs_full,
        seconds=time.perf_counter() - began,
    )


class _Check:
    """The check of one view, which collects its findings."""

    def __init__(
        self,
        store: OnlineStore,
        definitions: FeatureDefinitions,
        view: FeatureView,
        metadata: Metadata,
    ):
        self.findings = Findings()
        self._store, self._view = store, view
        self._online = OnlineRows(store, definitions, view)
        self._watermark = metadata.watermark or datetime.min
        self._ttl_set_from = metadata.ttl_set_from
        # If so, the next export sends everything anyway.
        self._redeclared = is_redeclared(view, metadata)

    def expect_no_keys(self, entities: list[tuple[str, datetime]]) -> None:
        """Check that entities that are no longer served have no keys."""
        states = key_states(self._store, self._view, [key for key, _ in entities])
        for (key, removed_at), state in zip(entities, states, strict=True):
            if state.exists:
                notes = Note(f"not served since {removed_at:%Y-%m-%d %H:%M:%S}"), Note("a key")
                # Otherwise the next export deletes it.
                full = removed_at <= self._watermark and not self._redeclared
                self.findings.add("orphaned", key, [("", *notes)], full=full)

    def compare(self, rows: list[OfflineRow]) -> None:
        """Compare current rows."""
        states = key_states(self._store, self._view, [row.key for row in rows])
        readable = []
        for row, state in zip(rows, states, strict=True):
            if state.size is not None:
                readable.append((row, state))
            else:  # reading it would fail, and with it all rows of the round trip
                notes = Note(f"the layout {self._view.layout}"), Note("a key of another type")
                self.findings.add("different", row.key, [(_ROW, *notes)], full=True)
        online = self._online.read([row.ids for row, _ in readable])
        found = [(row, state, read) for (row, state), read in zip(readable, online, strict=True)]
        foreign = self._foreign_fields(found)
        absent = []
        for row, state, read in found:
            if read.is_empty and not self._still_exists(row, state):
                absent.append(row)
            else:
                errors = self._key_errors(state, foreign.get(row.key, []))
                self._compare_row(row, read, errors)
        self._add_absent(absent)

    def _still_exists(self, row: OfflineRow, state: KeyState) -> bool:
        """Return whether a key without any feature exists; it may have expired a moment ago."""
        return state.exists and key_states(self._store, self._view, [row.key])[0].exists

    def _foreign_fields(
        self, found: list[tuple[OfflineRow, KeyState, OnlineRow]]
    ) -> dict[str, list[str]]:
        """Return, by key, the fields that are not features, of hashes with too many fields."""
        if self._view.layout != "hash":
            return {}
        crowded = [row.key for row, state, read in found if state.size > read.fields]
        return foreign_fields(self._store, self._view, crowded)

    def _key_errors(self, state: KeyState, foreign: list[str]) -> list[Difference]:
        errors = []
        if foreign:
            listed = ", ".join(map(repr, foreign))
            errors.append(
                ("(foreign field)", Note("no such feature"), Note(shortened(listed, MAX_WIDTH)))
            )
        if ttls := ttl_error(self._view, state):
            errors.append(("(TTL)", *map(Note, ttls)))
        return errors

    def _compare_row(self, row: OfflineRow, read: OnlineRow, errors: list[Difference]) -> None:
        differing = self._differing(row, read)
        if differing and not read.is_damaged:
            is_new = row.valid_from > self._watermark
            if is_new or _is_earlier(read.feature_time, row.feature_time):
                full = not (is_new or self._redeclared)
                self.findings.add("stale", row.key, differing, full=full)
                return
        if differing or errors:
            full = read.is_damaged or not self._redeclared
            self.findings.add("different", row.key, differing + errors, full=full)

    def _differing(self, row: OfflineRow, read: OnlineRow) -> list[Difference]:
        if read.is_unreadable:
            return [(_ROW, Note("a row"), read.values[0])]
        differing = [
            (feature.name, offline, online)
            for feature, offline, online in zip(
                self._view.features, row.values, read.values, strict=True
            )
            if not same_value(offline, online)
        ]
        if read.feature_time != row.feature_time:
            differing.append((FEATURE_TIME.name, row.feature_time, read.feature_time))
        return differing

    def _add_absent(self, rows: list[OfflineRow]) -> None:
        if not rows:
            return
        now, ttl = self._store.topology.time(), self._view.ttl_seconds
        for row in rows:
            kind, full = "missing", not self._redeclared
            if row.valid_from > self._watermark:
                kind, full = "stale", False
            elif ttl and self._ttl_set_from:
                ttl_set_at = max(self._ttl_set_from, row.valid_from)
                if (now - ttl_set_at).total_seconds() >= ttl:
                    kind, full = "expired", False
            self.findings.add(kind, row.key, [("", Note("a row"), Note("no key"))], full=full)


def _is_earlier(online: datetime | None, offline: datetime | None) -> bool:
    return online is not None and offline is not None and online < offline
