"""The connections to the online store of code that runs in event loops."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakKeyDictionary

import redis

if TYPE_CHECKING:
    import redis.asyncio

    AsyncClient: TypeAlias = "redis.asyncio.Redis | redis.asyncio.RedisCluster"


def async_client(client: redis.Redis) -> AsyncClient:
    """Return a client for one event loop that reaches the same server in the same way.

    It connects when it is used.

    Args:
        client: an open client, whose address, login, TLS, timeouts and retries are taken over.
    """
    # Takes long to load, and most programs have no event loop.
    from redis import asyncio as redis_asyncio
    from redis.asyncio.retry import Retry

    pool = client.connection_pool
    connection_class = {
        redis.Connection: redis_asyncio.Connection,
        redis.SSLConnection: redis_asyncio.SSLConnection,
        redis.UnixDomainSocketConnection: redis_asyncio.UnixDomainSocketConnection,
    }[pool.connection_class]
    options = dict(pool.connection_kwargs)
    # These are objects for blocking code.
    retry = options.pop("retry", None)
    options.pop("maint_notifications_config", None)
    if retry is not None:
        options["retry"] = Retry(retry._backoff, retry.get_retries())
    return redis_asyncio.Redis.from_pool(
        redis_asyncio.ConnectionPool(connection_class=connection_class, **options)
    )


class AsyncClients:
    """One client for each event loop, as a connection cannot be used by two of them."""

    def __init__(self) -> None:
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncClient] = (
            WeakKeyDictionary()
        )

    def __len__(self) -> int:
        return len(self._clients)

    def get(self, client: redis.Redis) -> AsyncClient:
        """Return the client of the running event loop, made like ``client`` where there is none."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = async_client(client)
        return self._clients[loop]

    async def aclose(self) -> None:
        """Close the client of the running event loop, and forget those of closed ones."""
        for loop in [loop for loop in self._clients if loop.is_closed()]:
            _hang_up(self._clients.pop(loop))
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def hang_up(self) -> None:
        """Cut all connections, where no event loop may be left to close them in.

        An embedded server would go on for them otherwise.
        """
        while self._clients:
            _hang_up(self._clients.popitem()[1])


def _hang_up(client: AsyncClient) -> None:
    pool = client.connection_pool
    for connection in [*pool._available_connections, *pool._in_use_connections]:
        writer = connection._writer
        if writer is not None:
            with suppress(OSError):
                writer.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
