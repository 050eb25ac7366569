"""One open online store for each event loop."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import redis
import redis.asyncio

from feature_store.online.connection.clients import REPLY_TIMEOUT, close_async_client
from feature_store.online.connection.online_store import AsyncOnlineStore
from feature_store.online.connection.redis_internals import pool_sockets


def embedded_async_store(client: redis.Redis) -> AsyncOnlineStore:
    """Return the store of an embedded server, for one event loop; it connects when it is used.

    The server runs as long as ``client`` is open.
    """
    return AsyncOnlineStore(
        redis.asyncio.Redis(
            unix_socket_path=client.connection_pool.connection_kwargs["path"],
            decode_responses=True,
            protocol=2,
            socket_timeout=REPLY_TIMEOUT,
        )
    )


class AsyncStores:
    """One online store for each event loop, as two of them cannot share a connection."""

    def __init__(self) -> None:
        # No weak keys: a connection refers to its event loop, and so would keep it for ever.
        self._stores: dict[asyncio.AbstractEventLoop, AsyncOnlineStore] = {}

    def __len__(self) -> int:
        return len(self._stores)

    def get(self) -> AsyncOnlineStore | None:
        """Return the store of the running event loop, if it has one."""
        return self._stores.get(asyncio.get_running_loop())

    def keep(self, store: AsyncOnlineStore) -> AsyncOnlineStore:
        """Keep a store as that of the running event loop, and return it."""
        self.forget_closed()
        self._stores[asyncio.get_running_loop()] = store
        return store

    def forget_closed(self) -> None:
        """Cut the connections of event loops that ended without closing them."""
        for loop in [loop for loop in self._stores if loop.is_closed()]:
            _shut_down(self._stores.pop(loop))

    async def aclose(self) -> None:
        """Close the store of the running event loop."""
        self.forget_closed()
        store = self._stores.pop(asyncio.get_running_loop(), None)
        if store is not None:
            await close_async_client(store.client)

    def shut_down(self) -> None:
        """Cut all connections to an embedded server, so that it can stop.

        Their event loops may have ended, so that they cannot be closed there.
        """
        while self._stores:
            _shut_down(self._stores.popitem()[1])


def _shut_down(store: AsyncOnlineStore) -> None:
    pool = getattr(store.client, "connection_pool", None)
    # The connections of a Cluster's client end with their last reference.
    for one in pool_sockets(pool) if pool else ():
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
