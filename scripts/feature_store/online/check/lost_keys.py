"""Detection of keys that were lost since their export, by eviction or deletion, in a few commands.

The server is not searched: the state of a sample of the expected keys is read, and the number of
all keys is compared with what the exports wrote. Keys of other programs only add to that number:
if it is too small, keys are lost for certain; if it is not, other programs may hide a loss.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb
import redis
from redis.cluster import RedisCluster

from feature_store.online.check.check import new_seed
from feature_store.online.check.key_states import key_states
from feature_store.online.check.offline_rows import current_keys
from feature_store.online.connection.topology import Cluster, SingleServer
from feature_store.online.layout.metadata import Metadata
from feature_store.registry.definitions import FeatureView

#: The keys of each view whose state is read.
SAMPLE = 1_000


@dataclass(frozen=True)
class Presence:
    """The result of looking for a sample of the keys of a view.

    Attributes:
        looked: the number of keys in the sample.
        missing: the number of those that do not exist, or hold no row.
        example: one of the missing keys, if any.
    """

    looked: int
    missing: int
    example: str | None


def look_for_keys(
    connection: duckdb.DuckDBPyConnection,
    client: redis.Redis | RedisCluster,
    prefix: str,
    view: FeatureView,
) -> Presence:
    """Look for a random sample of the keys that a view should have.

    Raises:
        FeatureStoreError: the snapshot cannot be read, or the server refused a command.
        redis.RedisError: the connection broke.
    """
    keys = current_keys(connection, prefix, view, SAMPLE, new_seed())
    states = key_states(client, view, keys) if keys else []
    # A key of another type, written by another program, holds no row either.
    missing = [key for key, state in zip(keys, states, strict=True) if not state.holds_row]
    return Presence(len(keys), len(missing), missing[0] if missing else None)


def missing_keys(
    route: SingleServer | Cluster, exported: Iterable[tuple[FeatureView, Metadata]]
) -> tuple[int, int]:
    """Return the least number of keys that should be on the servers, and how many are lacking.

    Args:
        route: to the servers; the exporter's lock is held.
        exported: views with their metadata; keys that may have expired are not expected.
    """
    now, expected = route.time(), 2  # the project's own, and the lock
    for view, metadata in exported:
        rows = metadata.fields.get("rows", "")
        if rows.isdecimal():
            expected += 1 + (0 if _may_have_expired(view, metadata, now) else int(rows))
    return expected, max(0, expected - route.count_keys())


def _may_have_expired(view: FeatureView, metadata: Metadata, now: datetime) -> bool:
    if view.ttl_seconds is None or metadata.lives_from is None:
        return view.ttl_seconds is not None
    return now - metadata.lives_from >= timedelta(seconds=view.ttl_seconds)


def evicting_policy(route: SingleServer | Cluster, views: Iterable[FeatureView]) -> str | None:
    """Return the policy by which a server with a memory limit may evict keys of these views."""
    for memory in route.info("memory"):
        policy = memory.get("maxmemory_policy", "noeviction")
        limited = int(memory.get("maxmemory", 0)) > 0
        has_ttl = any(view.ttl_seconds is not None for view in views)
        if limited and (
            policy.startswith("allkeys") or (policy.startswith("volatile") and has_ttl)
        ):
            return policy
    return None


def lost_count(route: SingleServer | Cluster) -> tuple[int, int]:
    """Return how many keys of all programs the servers evicted, and how many have expired."""
    stats = route.info("stats")
    return (
        sum(int(one.get("evicted_keys", 0)) for one in stats),
        sum(int(one.get("expired_keys", 0)) for one in stats),
    )
