"""The connection to the online store: the server of ``REDIS_URL``, or an embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from feature_store.errors import FeatureStoreError
from feature_store.online.embedded import EmbeddedRedis
from feature_store.online.keys import check_prefix
from feature_store.online.refusals import refusal, reply_of
from feature_store.settings import Settings

_SCHEMES = ("redis", "rediss", "unix")
_ADDRESSES = "redis://host:6379/0, rediss://user:password@host:6380/0 or unix:///path"
#: Seconds to connect, and seconds until an answer; an address may set its own: ?socket_timeout=60.
CONNECT_TIMEOUT, ANSWER_TIMEOUT = 5, 30
#: A connection that breaks is made again this often, after 0.1, 0.2 and 0.4 seconds.
RETRIES = 3


def _without_secret(url: str) -> str:
    """Return an address without user, password and options, whatever it looks like."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "an address that cannot be read"
    # A password with a / or # that is not percent-encoded ends up behind the host.
    if parts.scheme not in _SCHEMES or "@" in parts.path + parts.query + parts.fragment:
        known = parts.scheme if "://" in url and "@" not in parts.scheme else "no scheme"
        return f"an address with {known}"
    place = parts.hostname or ""
    if ":" in place:
        place = f"[{place}]"
    if port:
        place += f":{port}"
    return f"{parts.scheme}://{place}{parts.path}"


def describe_server(settings: Settings) -> str:
    """Return the address of the online store, without user and password."""
    if settings.redis_url:
        return _without_secret(settings.redis_url)
    return f"embedded Redis ({settings.target_path.name}/redis/{settings.target}.rdb)"


def _remote(settings: Settings) -> redis.Redis:
    url = settings.redis_url or ""
    error = FeatureStoreError(
        f"REDIS_URL: cannot be read: {_without_secret(url)}",
        allowed=f"{_ADDRESSES}; what is special in a password is percent-encoded",
    )
    if not url.startswith(tuple(f"{scheme}://" for scheme in _SCHEMES)):
        raise error
    try:
        return redis.Redis.from_url(
            url,
            decode_responses=True,
            protocol=2,
            retry=Retry(ExponentialBackoff(cap=1, base=0.05), RETRIES),
            socket_timeout=ANSWER_TIMEOUT,
            # A socket file has no such option.
            **({} if url.startswith("unix") else {"socket_connect_timeout": CONNECT_TIMEOUT}),
        )
    except ValueError:
        raise error from None  # whose text may hold a part of the password


def check_address(settings: Settings) -> None:
    """Check the address and the prefix of the online store, without connecting to it.

    Raises:
        FeatureStoreError: one of them cannot be read.
    """
    check_prefix(settings.prefix)
    if settings.redis_url:
        _remote(settings).close()


@contextmanager
def clear_errors(settings: Settings) -> Iterator[None]:
    """Turn the errors of redis-py into ones that say which server, and what to do.

    Raises:
        FeatureStoreError: instead of every :class:`redis.RedisError`.
    """
    server = describe_server(settings)
    try:
        yield
    except (redis.AuthenticationError, redis.BusyLoadingError) as error:
        raise refusal(server, reply_of(error)) from error
    except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
        raise FeatureStoreError(
            f"{server}: the connection failed: {error}",
            next_step="start the server or correct REDIS_URL; without it an embedded one is used"
            if settings.redis_url
            else "try again; the embedded server is started anew",
        ) from error
    except redis.RedisError as error:
        raise refusal(server, reply_of(error)) from error
    except UnicodeDecodeError as error:
        raise FeatureStoreError(
            f"{server}: a key of the prefix {settings.prefix!r} holds what is no text",
            next_step="another program uses it: choose another FEATURE_STORE_PREFIX",
        ) from error


@contextmanager
def open_online_store(settings: Settings) -> Iterator[redis.Redis]:
    """Open the online store for the length of a ``with`` block.

    Raises:
        FeatureStoreError: the address cannot be read, no server answers there, or it refuses
            something inside the block.
    """
    check_address(settings)
    with clear_errors(settings):
        if settings.redis_url:
            client, close = _remote(settings), redis.Redis.close
        else:
            embedded = EmbeddedRedis(settings.target_path / "redis" / f"{settings.target}.rdb")
            client, close = embedded.open(), embedded.close
        try:
            client.ping()
            yield client
        finally:
            close(client)
