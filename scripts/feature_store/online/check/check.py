"""Whether the online store holds what the warehouse serves, column by column."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import duckdb
import redis
from redis.cluster import RedisCluster

from feature_store.online.check.compare import same_value
from feature_store.online.check.findings import (
    KINDS,
    CheckedView,
    Findings,
    Said,
    is_redeclared,
    shortened,
    was_exported,
)
from feature_store.online.check.key_states import KeyState, foreign_fields, key_states, life_fault
from feature_store.online.check.offline_rows import OfflineRow, departed_entities, offline_rows
from feature_store.online.check.online_rows import OnlineRow, OnlineRows
from feature_store.online.connection.topology import route_of
from feature_store.online.layout.metadata import Metadata
from feature_store.online.layout.readable_times import check_times
from feature_store.online.layout.snapshot import warehouse_errors
from feature_store.online.layout.types import FEATURE_TIME
from feature_store.registry.definitions import FeatureDefinitions, FeatureView

#: Stands for the row as a whole, where columns stand.
_ROW = "(row)"
#: Of a row: what differs, and its value offline and online.
Difference = tuple[str, Any, Any]


def new_seed() -> int:
    """Return a seed that chooses another sample each time."""
    return random.SystemRandom().randrange(1 << 31)


def check_view(
    connection: duckdb.DuckDBPyConnection,
    client: redis.Redis | RedisCluster,
    prefix: str,
    definitions: FeatureDefinitions,
    view: FeatureView,
    *,
    sample: int | None = 10_000,
    seed: int | None = None,
    on_rows: Callable[[int], None] = lambda rows: None,
) -> CheckedView:
    """Read a view's rows back through the serving path and compare them with the warehouse.

    Nothing is written. Memory does not grow with the number of rows.

    Args:
        connection: the warehouse.
        client: the online store.
        prefix: first part of every key.
        definitions: the project's feature views.
        view: the feature view; it has to be served.
        sample: entities to compare, and entities that left to look for; None is all of them.
        seed: chooses the sample; by default another one each time.
        on_rows: is called with the number of entities of each chunk that was compared.

    Raises:
        UnreadableTimeError: a row has a time that Python cannot read.
        FeatureStoreError: the snapshot cannot be read, or the server refused a command.
        redis.RedisError: the connection broke.
    """
    seed = new_seed() if seed is None else seed
    metadata = Metadata.read(client, prefix, view)
    check = _Check(client, prefix, definitions, view, metadata)
    began = time.perf_counter()
    checked = departed = 0
    if was_exported(metadata):
        with warehouse_errors(view):
            check_times(connection, prefix, view)
        for rows in offline_rows(connection, prefix, view, sample, seed):
            check.rows(rows)
            checked += len(rows)
            on_rows(len(rows))
        for entities in departed_entities(connection, prefix, view, sample, seed):
            check.departed(entities)
            departed += len(entities)
            on_rows(len(entities))
    findings = check.findings
    return CheckedView(
        view=view,
        metadata=metadata,
        seed=seed,
        checked=checked,
        departed=departed,
        counts={kind: findings.counts[kind] for kind in KINDS},
        columns=dict(findings.columns.most_common()),
        examples=findings.examples,
        needs_full=findings.needs_full,
        seconds=time.perf_counter() - began,
    )


class _Check:
    """The check of one view at work; collects what it finds."""

    def __init__(
        self,
        client: redis.Redis | RedisCluster,
        prefix: str,
        definitions: FeatureDefinitions,
        view: FeatureView,
        metadata: Metadata,
    ):
        self.findings = Findings()
        self._client, self._view, self._route = client, view, route_of(client)
        self._online = OnlineRows(client, prefix, definitions, view)
        self._watermark = metadata.watermark or datetime.min
        self._lives_from = metadata.lives_from
        # If so, the next export sends everything anyway.
        self._redeclared = is_redeclared(view, metadata)

    def departed(self, entities: list[tuple[str, datetime]]) -> None:
        """Look for keys of entities that are no longer served."""
        states = key_states(self._client, self._view, [key for key, _ in entities])
        for (key, left_at), state in zip(entities, states, strict=True):
            if state.exists:
                said = [Said(f"not served since {left_at:%Y-%m-%d %H:%M:%S}"), Said("a key")]
                sent = left_at <= self._watermark and not self._redeclared
                self.findings.add("orphaned", key, [("", *said)], full=sent)

    def rows(self, rows: list[OfflineRow]) -> None:
        """Compare current rows."""
        states = key_states(self._client, self._view, [row.key for row in rows])
        readable = []
        for row, state in zip(rows, states, strict=True):
            if state.size is not None:
                readable.append((row, state))
            else:  # the serving path would refuse every row of its answer
                said = (Said(f"the layout {self._view.layout}"), Said("a key of another type"))
                self.findings.add("different", row.key, [(_ROW, *said)], full=True)
        online = self._online.read([row.ids for row, _ in readable])
        found = [(row, state, read) for (row, state), read in zip(readable, online, strict=True)]
        foreign = self._foreign(found)
        absent = []
        for row, state, read in found:
            if read.is_empty and not self._is_there(row, state):
                absent.append(row)
            else:
                faults = self._faults(state, foreign.get(row.key, []))
                self._compare(row, read, faults)
        self._absent(absent)

    def _is_there(self, row: OfflineRow, state: KeyState) -> bool:
        """Return whether a key without any feature is there; its life may just have ended."""
        return state.exists and key_states(self._client, self._view, [row.key])[0].exists

    def _foreign(self, found: list[tuple[OfflineRow, KeyState, OnlineRow]]) -> dict[str, list[str]]:
        """Return, by key, the fields that are no features, of hashes with more than they need."""
        if self._view.layout != "hash":
            return {}
        crowded = [row.key for row, state, read in found if state.size > read.fields]
        return foreign_fields(self._client, self._view, crowded)

    def _faults(self, state: KeyState, foreign: list[str]) -> list[Difference]:
        faults = []
        if foreign:
            listed = ", ".join(map(repr, foreign))
            faults.append(("(foreign field)", Said("no such feature"), Said(shortened(listed))))
        if life := life_fault(self._view, state):
            faults.append(("(life)", *map(Said, life)))
        return faults

    def _compare(self, row: OfflineRow, read: OnlineRow, faults: list[Difference]) -> None:
        differing = self._differing(row, read)
        if differing and not read.is_damaged:
            is_new = row.valid_from > self._watermark
            if is_new or _is_earlier(read.feature_time, row.feature_time):
                full = not (is_new or self._redeclared)
                self.findings.add("stale", row.key, differing, full=full)
                return
        if differing or faults:
            full = read.is_damaged or not self._redeclared
            self.findings.add("different", row.key, differing + faults, full=full)

    def _differing(self, row: OfflineRow, read: OnlineRow) -> list[Difference]:
        if read.is_unreadable:
            return [(_ROW, Said("a row"), read.values[0])]
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

    def _absent(self, rows: list[OfflineRow]) -> None:
        """Note rows that are not online."""
        if not rows:
            return
        now, ttl = self._route.time(), self._view.ttl_seconds
        for row in rows:
            kind, full = "missing", not self._redeclared
            if row.valid_from > self._watermark:
                kind, full = "stale", False
            elif ttl and self._lives_from:
                lives_from = max(self._lives_from, row.valid_from)
                if (now - lives_from).total_seconds() >= ttl:
                    kind, full = "expired", False
            self.findings.add(kind, row.key, [("", Said("a row"), Said("no key"))], full=full)


def _is_earlier(online: datetime | None, offline: datetime | None) -> bool:
    return online is not None and offline is not None and online < offline
