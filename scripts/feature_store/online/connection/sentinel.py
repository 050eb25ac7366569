"""Clients of the primary server that Sentinels watch."""

from __future__ import annotations

from typing import Any

import redis
import redis.asyncio.retry
import redis.asyncio.sentinel
import redis.sentinel
from redis.backoff import NoBackoff
from redis.retry import Retry

from feature_store.errors import FeatureStoreError, near_names
from feature_store.online.connection.address import Address

#: Seconds to connect to a Sentinel, and until it replies.
SENTINEL_TIMEOUT = 2


def primary_client(address: Address, **options: Any) -> redis.Redis:
    """Return a client that asks the Sentinels for the primary whenever it connects."""
    kind = _TlsConnection if address.tls else _Connection
    return _sentinels(address).master_for(address.service, connection_class=kind, **options)


def async_primary_client(address: Address, **options: Any) -> redis.asyncio.Redis:
    """Return the same for ``asyncio``."""
    once = {"retry": redis.asyncio.retry.Retry(NoBackoff(), 0)}
    sentinels = redis.asyncio.sentinel.Sentinel(
        address.hosts, sentinel_kwargs=_sentinel_options(address) | once
    )
    kind = _AsyncTlsConnection if address.tls else _AsyncConnection
    return sentinels.master_for(address.service, connection_class=kind, **options)


def check_sentinels(address: Address) -> None:
    """Ask the Sentinels for the primary once, to find the reason if they name none.

    Raises:
        FeatureStoreError: those that reply do not watch the service, or say that it is down.
        redis.RedisError: none replies; the error of the first.
    """
    errors, known = [], None
    with _sentinels(address) as sentinels:
        for sentinel in sentinels.sentinels:
            try:
                known = sentinel.sentinel_masters()
            except redis.RedisError as error:
                errors.append(error)
                continue
            state = known.get(address.service)
            if state and sentinels.check_master_state(state, address.service):
                return
    if known is None:
        raise errors[0]
    if address.service not in known:
        raise FeatureStoreError(
            f"{address.shown}: the Sentinels watch no {address.service!r}",
            allowed=near_names(address.service, known),
            next_step="correct the service in REDIS_URL",
        )
    raise FeatureStoreError(
        f"{address.shown}: the Sentinels say that the primary is down",
        next_step="wait until another server has its place, then try again",
    )


def _sentinels(address: Address) -> redis.sentinel.Sentinel:
    once = {"retry": Retry(NoBackoff(), 0)}
    return redis.sentinel.Sentinel(address.hosts, sentinel_kwargs=_sentinel_options(address) | once)


def _sentinel_options(address: Address) -> dict[str, Any]:
    return {
        "socket_timeout": SENTINEL_TIMEOUT,
        "socket_connect_timeout": SENTINEL_TIMEOUT,
        "ssl": address.tls,
        "decode_responses": True,
        "protocol": 2,
        **{name: value for name, value in address.options.items() if name.startswith("ssl_")},
        **address.sentinel_options,
    }


class _FollowsFailover:
    """Asks the Sentinels for the primary also when a broken connection is made again.

    redis-py reconnects to the same server, which after a failover is a replica or gone; so no
    retry would find the new primary (redis-py's issue 3874).
    """

    def connect_check_health(
        self, check_health: bool = True, retry_socket_connect: bool = True
    ) -> None:
        # connect_to(), which calls this too, passes retry_socket_connect=False.
        if retry_socket_connect and not self.is_connected:
            self.connect_to(self.connection_pool.get_master_address())
        else:
            super().connect_check_health(check_health, retry_socket_connect)


class _AsyncFollowsFailover:
    """The same for ``asyncio``."""

    async def connect_check_health(
        self, check_health: bool = True, retry_socket_connect: bool = True
    ) -> None:
        if retry_socket_connect and not self.is_connected:
            await self.connect_to(await self.connection_pool.get_master_address())
        else:
            await super().connect_check_health(check_health, retry_socket_connect)


class _Connection(_FollowsFailover, redis.sentinel.SentinelManagedConnection):
    pass


class _TlsConnection(_FollowsFailover, redis.sentinel.SentinelManagedSSLConnection):
    pass


class _AsyncConnection(_AsyncFollowsFailover, redis.asyncio.sentinel.SentinelManagedConnection):
    pass


class _AsyncTlsConnection(
    _AsyncFollowsFailover, redis.asyncio.sentinel.SentinelManagedSSLConnection
):
    pass
