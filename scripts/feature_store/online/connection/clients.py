"""redis-py's clients for an address: of one server, a Cluster, or a primary behind Sentinels."""

from __future__ import annotations

from typing import Any

import redis
import redis.asyncio.retry
from redis.backoff import ExponentialBackoff
from redis.cluster import RedisCluster
from redis.retry import Retry

from feature_store.online.connection.address import Address
from feature_store.online.connection.cluster import async_cluster_client, cluster_client
from feature_store.online.connection.sentinel import async_primary_client, primary_client

Client = redis.Redis | RedisCluster
AsyncClient = redis.asyncio.Redis | redis.asyncio.RedisCluster

#: Seconds to connect, and until a reply comes; an address may set its own: ?socket_timeout=60.
CONNECT_TIMEOUT, REPLY_TIMEOUT = 5, 30
#: A connection that breaks is made again this often, after 0.1, 0.2 and 0.4 seconds.
RETRIES = 3
_BACKOFF = ExponentialBackoff(cap=1, base=0.05)


def make_client(address: Address) -> Client:
    """Return a client; only that of a Cluster connects at once.

    Raises:
        redis.RedisClusterException: no node of the Cluster replies, or some slots have no node.
        redis.RedisError: a node replied with an error.
    """
    options = _options(address)
    if address.kind == "cluster":
        return cluster_client(address, **options)
    # Timeouts are not retried: a retry would take as long again.
    options["retry"] = Retry(_BACKOFF, RETRIES, (redis.ConnectionError,))
    if address.kind == "sentinel":
        return primary_client(address, **options)
    pool = redis.ConnectionPool(**_server_options(address, redis), **options)
    return redis.Redis.from_pool(pool)


def close_client(client: Client) -> None:
    """Close a client's connections, those to Sentinels too."""
    client.close()
    sentinel = getattr(getattr(client, "connection_pool", None), "sentinel_manager", None)
    if sentinel:
        sentinel.close()


def make_async_client(address: Address) -> AsyncClient:
    """Return a client for ``asyncio``, for use in one event loop; it connects when it is used."""
    options = _options(address)
    if address.kind == "cluster":
        return async_cluster_client(address, **options)
    options["retry"] = redis.asyncio.retry.Retry(_BACKOFF, RETRIES, (redis.ConnectionError,))
    if address.kind == "sentinel":
        return async_primary_client(address, **options)
    pool = redis.asyncio.ConnectionPool(**_server_options(address, redis.asyncio), **options)
    return redis.asyncio.Redis.from_pool(pool)


async def close_async_client(client: AsyncClient) -> None:
    """Close a client's connections, those to Sentinels too."""
    await client.aclose()
    sentinel = getattr(getattr(client, "connection_pool", None), "sentinel_manager", None)
    if sentinel:
        await sentinel.aclose()


def _options(address: Address) -> dict[str, Any]:
    return {
        "socket_connect_timeout": CONNECT_TIMEOUT,
        "socket_timeout": REPLY_TIMEOUT,
        **address.options,
        "decode_responses": True,
        "protocol": 2,
    }


def _server_options(address: Address, library: Any) -> dict[str, Any]:
    if address.kind == "socket":
        return {"connection_class": library.UnixDomainSocketConnection}
    [(host, port)] = address.hosts
    kind = library.SSLConnection if address.tls else library.Connection
    return {"connection_class": kind, "host": host, "port": port}
