"""The connections to the online store of code that runs in event loops."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import redis
import redis.asyncio

from feature_store.online.connection.clients import ANSWER_TIMEOUT, AsyncClient, close_async_client


def embedded_async_client(client: redis.Redis) -> redis.asyncio.Redis:
    """Return a client for one event loop of the server that an embedded one's client reaches.

    It connects when it is used; as long as ``client`` is open the server stays up.
    """
    path = client.connection_pool.connection_kwargs["path"]
    return redis.asyncio.Redis(
        unix_socket_path=path, decode_responses=True, protocol=2, socket_timeout=ANSWER_TIMEOUT
    )


class AsyncClients:
    """One client for each event loop, as a connection cannot be used by two of them."""

    def __init__(self) -> None:
        # No weak keys: a connection refers to its event loop, and so would keep it for ever.
        self._clients: dict[asyncio.AbstractEventLoop, AsyncClient] = {}

    def __len__(self) -> int:
        return len(self._clients)

    def get(self) -> AsyncClient | None:
        """Return the client of the running event loop, if it has one."""
        return self._clients.get(asyncio.get_running_loop())

    def keep(self, client: AsyncClient) -> AsyncClient:
        """Keep a client as that of the running event loop, and return it."""
        self.forget_closed()
        self._clients[asyncio.get_running_loop()] = client
        return client

    def forget_closed(self) -> None:
        """Let go of the connections of event loops that were closed without closing them."""
        for loop in [loop for loop in self._clients if loop.is_closed()]:
            _hang_up(self._clients.pop(loop))

    async def aclose(self) -> None:
        """Close the client of the running event loop."""
        self.forget_closed()
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await close_async_client(client)

    def hang_up(self) -> None:
        """Cut all connections to an embedded server, which would go on for them otherwise.

        There may be no event loop any more to close them in.
        """
        while self._clients:
            _hang_up(self._clients.popitem()[1])


def _hang_up(client: AsyncClient) -> None:
    pool = getattr(client, "connection_pool", None)
    if pool is None:
        return  # a Cluster's connections end with their last reference
    for connection in [*pool._available_connections, *pool._in_use_connections]:
        writer = connection._writer
        if writer is not None:
            with suppress(OSError):
                writer.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
