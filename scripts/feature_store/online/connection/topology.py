"""Which server takes which key: one server for all of them, or the nodes of a Redis Cluster."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import redis
from redis.cluster import RedisCluster
from redis.sentinel import SentinelConnectionPool

from feature_store.online.connection.command_batch import Piece
from feature_store.online.connection.slots import SLOTS, key_slots


class SingleServer:
    """All keys are on one server, which may be the primary that Sentinels know."""

    def __init__(self, client: redis.Redis):
        self._client = client
        self.follows_failover = isinstance(client.connection_pool, SentinelConnectionPool)
        #: Whether a part of the data can be lost while the metadata are not.
        self.is_divided = False

    def split(self, piece: Piece) -> Iterator[tuple[str, Piece]]:
        """Yield a piece's part for each server, with the server's name."""
        yield "", piece

    def pool(self, server: str) -> redis.ConnectionPool:
        """Return a server's connection pool."""
        return self._client.connection_pool

    def refresh(self) -> None:
        """Ask again which servers there are."""

    def servers(self) -> str:
        """Return what changes when a server was restarted, or another one took its place."""
        return self._client.info("server").get("run_id", "")

    def info(self, section: str) -> list[dict[str, Any]]:
        """Return what each server says of itself."""
        return [self._client.info(section)]

    def count_keys(self) -> int:
        """Return the number of keys, of this project and of all others."""
        return self._client.dbsize()

    def time(self) -> datetime:
        """Return the server's time (UTC)."""
        return _time(self._client.time())


class Cluster:
    """Keys are on the primary that owns their slot."""

    follows_failover = True
    is_divided = True

    def __init__(self, client: RedisCluster):
        self._client = client
        self._read_slots()

    def _read_slots(self) -> None:
        nodes = self._client.nodes_manager
        self._names = sorted({owners[0].name for owners in nodes.slots_cache.values()})
        numbers = {name: number for number, name in enumerate(self._names)}
        self._owners = np.full(SLOTS, -1, dtype=np.int32)
        for slot, owners in nodes.slots_cache.items():
            self._owners[slot] = numbers[owners[0].name]

    def split(self, piece: Piece) -> Iterator[tuple[str, Piece]]:
        """Yield a piece's part for each server, with the server's name."""
        owners = self._owners[key_slots(piece.hash_tags)]
        for number in np.unique(owners):
            if number < 0:
                raise redis.exceptions.ClusterDownError("CLUSTERDOWN Hash slot not served")
            yield self._names[number], piece.take(pa.array(np.flatnonzero(owners == number)))

    def pool(self, server: str) -> redis.ConnectionPool:
        """Return a server's connection pool."""
        node = self._client.get_node(node_name=server)
        if node is None:
            raise redis.ConnectionError(f"{server} is no node of the cluster any more")
        return self._client.get_redis_connection(node).connection_pool

    def refresh(self) -> None:
        """Ask again which servers there are."""
        self._client.nodes_manager.initialize()
        self._read_slots()

    def servers(self) -> str:
        """Return what changes when a server was restarted, or another one took its place."""
        return ",".join(sorted(answer.get("run_id", "") for answer in self.info("server")))

    def info(self, section: str) -> list[dict[str, Any]]:
        """Return what each primary says of itself."""
        answers = self._client.info(section, target_nodes=RedisCluster.PRIMARIES)
        is_one = not all(isinstance(answer, dict) for answer in answers.values())
        return [answers] if is_one else [*answers.values()]

    def count_keys(self) -> int:
        """Return the number of keys, of this project and of all others."""
        return self._client.dbsize(target_nodes=RedisCluster.PRIMARIES)

    def time(self) -> datetime:
        """Return one server's time (UTC)."""
        return _time(self._client.time(target_nodes=RedisCluster.RANDOM))


def _time(answer: Any) -> datetime:
    if isinstance(answer, dict):  # of a cluster: by node
        [answer] = answer.values()
    seconds, microseconds = answer
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds, tzinfo=None)


def route_of(client: redis.Redis | RedisCluster) -> SingleServer | Cluster:
    """Return the route to the servers of a client."""
    return Cluster(client) if isinstance(client, RedisCluster) else SingleServer(client)
