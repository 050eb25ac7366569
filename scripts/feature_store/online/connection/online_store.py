"""An open online store: its client, its keys, its servers, and the metadata kept there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import redis.asyncio

from feature_store.errors import FeatureStoreError
from feature_store.online.connection.cluster import pipelined_async
from feature_store.online.connection.retry import SERVER_ERRORS, Retrier
from feature_store.online.connection.round_trip import Commands, as_requested, round_trip_async
from feature_store.online.connection.topology import topology_of
from feature_store.online.layout.keys import KeySpace
from feature_store.online.layout.metadata import Metadata
from feature_store.registry.definitions import FeatureView

if TYPE_CHECKING:
    from feature_store.online.connection.clients import AsyncClient, Client

_Result = TypeVar("_Result")
#: Sets fields of a hash if no other program has since it was read, on the server it was read from:
#: a client that connects again after a restart or a failover would vouch for rows that were lost.
_COMPLETE = """
redis.replicate_commands()
local run_id, exported_at, disturbed = ARGV[1], ARGV[2], ARGV[3]
if not string.find(redis.call('info', 'server'), 'run_id:' .. run_id, 1, true)
    or (redis.call('hget', KEYS[1], 'exported_at') or '') ~= exported_at
    or (redis.call('hget', KEYS[1], 'disturbed') or '') ~= disturbed then
    return 0
end
local reply = redis.pcall('hset', KEYS[1], unpack(ARGV, 4))
if type(reply) == 'table' and reply.err then
    -- Redis 6 puts the script's line before it.
    return redis.error_reply(string.match(reply.err, '%-(%u+ .*)$') or reply.err)
end
return 1
"""


class OnlineStore:
    """An open online store."""

    def __init__(self, client: Client, keys: KeySpace):
        self.client, self.keys, self.topology = client, keys, topology_of(client)

    def round_trip(self, commands: Commands) -> list[Any]:
        """Send commands, in one round trip to each server, and return their replies.

        Error replies are returned among the others.
        """
        return self.topology.round_trip(commands)

    def retry(self, call: Callable[[], _Result]) -> _Result:
        """Call a function that uses the servers, again while they are being replaced.

        Raises:
            redis.RedisError, redis.RedisClusterException: retries do not help, or no longer.
        """
        retrier = Retrier(self.topology.follows_failover)
        while True:
            try:
                return call()
            except SERVER_ERRORS as error:
                retrier.wait(error)
                with suppress(*SERVER_ERRORS):
                    self.topology.refresh()

    def claim_prefix(self, project_name: str) -> None:
        """Make sure that the keys below the prefix are this project's.

        Raises:
            FeatureStoreError: another project has claimed the prefix on this server.
            redis.RedisError: the server replied with an error, or the connection broke.
        """
        self.client.set(self.keys.project, project_name, nx=True)
        owner = self.client.get(self.keys.project)
        if owner != project_name:
            raise FeatureStoreError(
                f"the keys {self.keys.prefix}:… on this Redis server belong to the project "
                f"{owner!r}",
                allowed=f"a server or prefix of the project {project_name!r}",
                next_step="choose another server (REDIS_URL) or prefix (FEATURE_STORE_PREFIX)",
            )

    def read_metadata(self, view: FeatureView) -> Metadata:
        """Read the metadata of a view."""
        return Metadata(self.client.hgetall(self.keys.metadata(view)))

    def write_metadata(self, view: FeatureView, fields: Mapping[str, str | int]) -> None:
        """Write some fields of a view's metadata."""
        self.client.hset(self.keys.metadata(view), mapping=dict(fields))

    def complete_metadata(
        self, view: FeatureView, before: Metadata, run_id: str, fields: Mapping[str, str | int]
    ) -> bool:
        """Write the metadata of a view at the end of its export.

        ``before`` decided what to export; ``run_id`` is that of the server that took the rows, and
        empty for a Cluster. Return whether they were written: not if the server is another one now,
        or another exporter wrote meanwhile.
        """
        expected = [before.fields.get(name, "") for name in ("exported_at", "disturbed")]
        pairs = [part for pair in fields.items() for part in pair]
        script = self.client.register_script(_COMPLETE)
        return bool(script([self.keys.metadata(view)], [run_id, *expected, *pairs]))


class AsyncOnlineStore:
    """An online store for ``asyncio``, for use in one event loop."""

    def __init__(self, client: AsyncClient):
        self.client = client
        self._is_cluster = isinstance(client, redis.asyncio.RedisCluster)

    async def round_trip(self, commands: Commands) -> list[Any]:
        """Do as :meth:`OnlineStore.round_trip` without blocking the event loop."""
        if self._is_cluster:
            return as_requested(commands, await pipelined_async(self.client, commands.words()))
        return await round_trip_async(self.client, commands)
