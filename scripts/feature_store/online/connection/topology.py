"""The servers of an online store: one for all keys, or the nodes of a Redis Cluster."""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING, Any

import redis
from redis.cluster import RedisCluster
from redis.sentinel import SentinelConnectionPool

from feature_store.online.connection.cluster import pipelined
from feature_store.online.connection.kept_connections import KeptConnections
from feature_store.online.connection.round_trip import Commands, as_requested, round_trip

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from feature_store.online.connection.command_batch import CommandBatch

SLOTS = 16_384


class SingleServer:
    """All keys are on one server, which may be the primary that Sentinels know."""

    def __init__(self, client: redis.Redis):
        self._client = client
        self._connections = KeptConnections(client.connection_pool)
        self.follows_failover = isinstance(client.connection_pool, SentinelConnectionPool)
        #: Whether one server may lose its rows while another one keeps their metadata.
        self.is_sharded = False

    def round_trip(self, commands: Commands) -> list[Any]:
        """Send commands and return their replies, with error replies."""
        return round_trip(self._connections, commands)

    def split(self, batch: CommandBatch) -> Iterator[tuple[str, CommandBatch]]:
        """Yield each server's name, and the rows of a batch that it owns."""
        yield "", batch

    def pool(self, server: str) -> redis.ConnectionPool:
        """Return a server's connection pool."""
        return self._client.connection_pool

    def refresh(self) -> None:
        """Read again which servers there are."""

    def run_ids(self) -> str:
        """Return a text that changes when a server is restarted, or another takes its place."""
        return self._client.info("server").get("run_id", "")

    def info(self, section: str) -> list[dict[str, Any]]:
        """Return the reply of each server to ``INFO``."""
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
    is_sharded = True

    def __init__(self, client: RedisCluster):
        self._client = client

    def round_trip(self, commands: Commands) -> list[Any]:
        """Send commands and return their replies, with error replies."""
        return as_requested(commands, pipelined(self._client, commands.words()))

    def split(self, batch: CommandBatch) -> Iterator[tuple[str, CommandBatch]]:
        """Yield each server's name, and the rows of a batch that it owns."""
        import numpy as np  # takes long to load, and a reader does without
        import pyarrow as pa

        names, owners = self._slot_owners
        servers = owners[key_slots(batch.hash_tags)]
        for number in np.unique(servers):
            if number < 0:
                raise redis.exceptions.ClusterDownError("CLUSTERDOWN Hash slot not served")
            yield names[number], batch.take(pa.array(np.flatnonzero(servers == number)))

    @cached_property
    def _slot_owners(self) -> tuple[list[str], np.ndarray]:
        """The names of the primaries; and for each slot the position of its owner there, or -1."""
        import numpy as np

        slots = self._client.nodes_manager.slots_cache
        names = sorted({owners[0].name for owners in slots.values()})
        numbers = {name: number for number, name in enumerate(names)}
        found = np.full(SLOTS, -1, dtype=np.int32)
        for slot, owners in slots.items():
            found[slot] = numbers[owners[0].name]
        return names, found

    def pool(self, server: str) -> redis.ConnectionPool:
        """Return a server's connection pool."""
        node = self._client.get_node(node_name=server)
        if node is None:
            raise redis.ConnectionError(f"{server} is no node of the cluster any more")
        return self._client.get_redis_connection(node).connection_pool

    def refresh(self) -> None:
        """Read again which servers there are."""
        self._client.nodes_manager.initialize()
        self.__dict__.pop("_slot_owners", None)

    def run_ids(self) -> str:
        """Return a text that changes when a server is restarted, or another takes its place."""
        return ",".join(sorted(reply.get("run_id", "") for reply in self.info("server")))

    def info(self, section: str) -> list[dict[str, Any]]:
        """Return the reply of each primary to ``INFO``."""
        replies = self._client.info(section, target_nodes=RedisCluster.PRIMARIES)
        is_one = not all(isinstance(reply, dict) for reply in replies.values())
        return [replies] if is_one else [*replies.values()]

    def count_keys(self) -> int:
        """Return the number of keys, of this project and of all others."""
        return self._client.dbsize(target_nodes=RedisCluster.PRIMARIES)

    def time(self) -> datetime:
        """Return one server's time (UTC)."""
        return _time(self._client.time(target_nodes=RedisCluster.RANDOM))


Topology = SingleServer | Cluster


def topology_of(client: redis.Redis | RedisCluster) -> Topology:
    """Return the topology of the servers that a client is connected to."""
    return Cluster(client) if isinstance(client, RedisCluster) else SingleServer(client)


def key_slots(hash_tags: pa.Array) -> np.ndarray:
    """Return the slot (uint16) of each hash tag: its CRC16 (XMODEM), as Redis Cluster computes it.

    The tags are text without nulls: what stands between the braces of the keys.
    """
    import numpy as np
    import pyarrow as pa

    kind = pa.large_binary() if pa.types.is_large_string(hash_tags.type) else pa.binary()
    tags = hash_tags.cast(kind).to_numpy(zero_copy_only=False)
    # map() and fromiter() call it without a step of Python for each tag.
    return np.fromiter(map(crc_hqx, tags, repeat(0)), np.uint16, len(tags)) % SLOTS


def _time(reply: Any) -> datetime:
    if isinstance(reply, dict):  # of a Cluster: by node
        [reply] = reply.values()
    seconds, microseconds = reply
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds, tzinfo=None)
