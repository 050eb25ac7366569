"""Detection of keys that were lost since their export, by eviction or deletion, in a few commands.

The server is not scanned: the state of a sample of the expected keys is read, and the number of
all keys is compared with what the exports wrote. Keys of other programs only add to that number:
if it is too small, keys are lost for certain; if it is not, other programs may hide a loss.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from feature_store.online.check.check import new_seed
from feature_store.online.check.key_types_and_ttls import key_states
from feature_store.online.check.offline_rows import OfflineRows
from feature_store.online.connection.online_store import OnlineStore
from feature_store.online.connection.topology import Topology
from feature_store.online.layout.metadata import Metadata
from feature_store.registry.definitions import FeatureView

#: The keys of each view whose state is read.
SAMPLE = 1_000


@dataclass(frozen=True)
class SampledKeys:
    """The numbers of sampled keys of a view, and of those that do not exist or hold no row."""

    count: int
    missing: int
    example: str | None


def sample_keys(
    connection: duckdb.DuckDBPyConnection, store: OnlineStore, view: FeatureView
) -> SampledKeys:
    """Read the state of a random sample of the keys that a view should have."""
    keys = OfflineRows(connection, store.keys, view, SAMPLE, new_seed()).current_keys()
    states = key_states(store, view, keys) if keys else []
    # A key of another type, written by another program, holds no row either.
    missing = [key for key, state in zip(keys, states, strict=True) if not state.holds_row]
    return SampledKeys(len(keys), len(missing), missing[0] if missing else None)


def missing_keys(store: OnlineStore, views: Iterable[FeatureView]) -> tuple[int, int]:
    """Return the least number of keys that should be on the servers, and how many are missing.

    The exporter's lock has to be held. Keys that may have expired are not expected.
    """
    exported = [(view, store.read_metadata(view)) for view in views]
    # After the metadata: a key that expires while they are read is not a lost one.
    now, expected = store.topology.time(), 2  # the project's own key, and the lock
    for view, metadata in exported:
        rows = metadata.fields.get("rows", "")
        if rows.isdecimal():
            expected += 1 + (0 if _may_have_expired(view, metadata, now) else int(rows))
    return expected, max(0, expected - store.topology.count_keys())


def _may_have_expired(view: FeatureView, metadata: Metadata, now: datetime) -> bool:
    if view.ttl_seconds is None or metadata.ttl_set_from is None:
        return view.ttl_seconds is not None
    return now - metadata.ttl_set_from >= timedelta(seconds=view.ttl_seconds)


def evicting_policy(topology: Topology, views: Iterable[FeatureView]) -> str | None:
    """Return the policy by which a server with a memory limit may evict keys of these views."""
    has_ttl = any(view.ttl_seconds is not None for view in views)
    for memory in topology.info("memory"):
        policy = memory.get("maxmemory_policy", "noeviction")
        limited = int(memory.get("maxmemory", 0)) > 0
        if limited and (
            policy.startswith("allkeys") or (policy.startswith("volatile") and has_ttl)
        ):
            return policy
    return None


def lost_count(topology: Topology) -> tuple[int, int]:
    """Return how many keys of all programs the servers have evicted, and how many expired."""
    stats = topology.info("stats")
    return (
        sum(int(one.get("evicted_keys", 0)) for one in stats),
        sum(int(one.get("expired_keys", 0)) for one in stats),
    )
