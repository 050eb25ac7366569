"""Opening the online store: the servers of ``REDIS_URL``, or an embedded server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from feature_store.errors import FeatureStoreError
from feature_store.online.connection.address import describe_address, parse_address
from feature_store.online.connection.clients import close_client, make_async_client, make_client
from feature_store.online.connection.embedded import EmbeddedRedis
from feature_store.online.connection.errors import client_error
from feature_store.online.connection.online_store import AsyncOnlineStore, OnlineStore
from feature_store.online.connection.sentinel import check_sentinels
from feature_store.online.layout.keys import KeySpace
from feature_store.settings import Settings


def describe_server(settings: Settings) -> str:
    """Return the address of the online store, without user and password."""
    if settings.redis_url:
        return describe_address(settings.redis_url)
    return f"embedded Redis ({settings.target_path.name}/redis/{settings.target}.rdb)"


def check_address(settings: Settings) -> None:
    """Check the address and the prefix of the online store, without connecting to it."""
    KeySpace(settings.prefix)  # raises for a wrong prefix
    if settings.redis_url:
        parse_address(settings.redis_url)


@contextmanager
def clear_errors(settings: Settings) -> Iterator[None]:
    """Turn the errors of redis-py into ones that name the server and the next step."""
    server = describe_server(settings)
    try:
        yield
    except (redis.RedisError, redis.RedisClusterException, OSError) as error:
        raise client_error(server, error, _to_connect(settings)) from error
    except UnicodeDecodeError as error:
        raise FeatureStoreError(
            f"{server}: a key of the prefix {settings.prefix!r} holds bytes that are not text",
            next_step="another program uses it: choose another FEATURE_STORE_PREFIX",
        ) from error


def _to_connect(settings: Settings) -> str:
    """Return the next step for a connection error of which nothing more is known."""
    if not settings.redis_url:
        return "try again; the embedded server is started anew"
    scheme = settings.redis_url.partition("://")[0]
    tls = {"unix": ""}.get(scheme, " (TLS)" if scheme.startswith("rediss") else " (without TLS)")
    if "-" in scheme:
        return (
            f"start the servers or correct REDIS_URL{tls}; where one failed, wait until another "
            "has its place"
        )
    return f"start the server or correct REDIS_URL{tls}; without it an embedded one is used"


@contextmanager
def open_online_store(settings: Settings) -> Iterator[OnlineStore]:
    """Open the online store for the length of a ``with`` block.

    Raises:
        FeatureStoreError: the address cannot be read, no server replies there, or a server
            error inside the block.
    """
    keys = KeySpace(settings.prefix)
    with clear_errors(settings):
        is_cluster = False
        if settings.redis_url:
            address = parse_address(settings.redis_url)
            is_cluster = address.kind == "cluster"
            if address.kind == "sentinel":
                check_sentinels(address)
            client, close = make_client(address), close_client
        else:
            embedded = EmbeddedRedis(settings.target_path / "redis" / f"{settings.target}.rdb")
            client, close = embedded.open(), embedded.close
        try:
            if not is_cluster:  # its client has connected already
                client.ping()
            yield OnlineStore(client, keys)
        finally:
            close(client)


def open_async_store(settings: Settings) -> AsyncOnlineStore:
    """Return the online store of ``REDIS_URL`` for ``asyncio``; it connects when it is used.

    Close its client with :func:`~feature_store.online.connection.clients.close_async_client`, in
    the same event loop.
    """
    check_address(settings)
    if not settings.redis_url:
        raise FeatureStoreError(
            "the embedded server has no address of its own", next_step="set REDIS_URL"
        )
    return AsyncOnlineStore(make_async_client(parse_address(settings.redis_url)))
