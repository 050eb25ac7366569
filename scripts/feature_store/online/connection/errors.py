"""Errors of Redis servers, as :class:`FeatureStoreError` with the next step for each."""

from __future__ import annotations

import redis
import redis.asyncio.sentinel
import redis.sentinel

from feature_store.errors import FeatureStoreError

_MASTER_NOT_FOUND = (redis.sentinel.MasterNotFoundError, redis.asyncio.sentinel.MasterNotFoundError)
_SLOTS = "wait until every slot has a primary again (redis-cli cluster info), then try again"

#: By the code that an error reply begins with.
_NEXT_STEPS = {
    "OOM": "give the server more memory (maxmemory) or export fewer views, then export again",
    "MISCONF": "the server cannot save its data: see its log, then export again",
    "READONLY": "point REDIS_URL at the primary, then export again",
    "NOAUTH": "put the user and password into REDIS_URL",
    "WRONGPASS": "correct the user and password in REDIS_URL",
    "NOPERM": "give the user the commands and the keys that docs/operate/online_store.md lists",
    "WRONGTYPE": "another program uses a key of this prefix: choose another "
    "FEATURE_STORE_PREFIX, or delete that key",
    "MOVED": "the server is a node of a Redis Cluster: begin REDIS_URL with redis-cluster:// "
    "(with TLS: rediss-cluster://)",
    "ASK": "the server is a node of a Redis Cluster whose slots are moving: begin REDIS_URL with "
    "redis-cluster:// (with TLS: rediss-cluster://)",
    "TRYAGAIN": "slots of the Cluster are moving: try again when that is over",
    "CLUSTERDOWN": _SLOTS,
    "MASTERDOWN": "the server is a replica without its primary: wait until it has that again, or "
    "point REDIS_URL at the primary",
    "NOREPLICAS": "the primary wants more replicas before it writes (min-replicas-to-write): start "
    "them, then export again",
    "LOADING": "wait until the server has loaded its data, then try again",
    "BUSY": "wait until the script that the server runs has ended, then try again",
}
#: By a part of a reply or of the text of an error.
_HINTS = {
    "cluster support disabled": "the server is no node of a Cluster: begin REDIS_URL with redis:// "
    "or rediss://",
    "unknown command `SENTINEL`": "there is a Redis server in the place of the Sentinel: begin "
    "REDIS_URL with redis:// or rediss://, or correct the port",
    "mismatch, certificate is not valid": "use the name that the server's certificate was made "
    "for, or ?ssl_check_hostname=false",
    "CERTIFICATE_VERIFY_FAILED": "name the certificate of the authority that signed the server's: "
    "?ssl_ca_certs=/path/ca.pem",
    "CERTIFICATE_REQUIRED": "the server wants a certificate from you: ?ssl_certfile=/path/"
    "client.pem&ssl_keyfile=/path/client.key",
    "WRONG_VERSION_NUMBER": "the server does not talk TLS there: correct the port, or use the "
    "scheme without TLS (redis, not rediss)",
    "The previous master is now a slave": "Sentinels are making another server the primary: try "
    "again in a few seconds",
}
_HINTS["RECORD_LAYER_FAILURE"] = _HINTS["WRONG_VERSION_NUMBER"]  # since OpenSSL 3.2


def code_of(reply: str) -> str:
    """Return the first word of an error reply: ``OOM`` of ``OOM command not allowed …``."""
    return reply.split(maxsplit=1)[0] if reply.split() else ""


def command_error(where: str, reply: str) -> FeatureStoreError:
    """Return the error for a server's error reply."""
    return FeatureStoreError(
        f"{where}: the Redis server refused a command: {reply}",
        next_step=_NEXT_STEPS.get(code_of(reply)) or _hint(reply) or "solve that, then try again",
    )


def reply_of(error: redis.RedisError) -> str:
    """Return a server's error reply with its code, which redis-py takes off some of them."""
    code = getattr(error, "status_code", None)
    text = " ".join(str(error).split())
    return text if not code or code == "ERR" or code in text.split() else f"{code} {text}"


def client_error(server: str, error: Exception, next_step: str) -> FeatureStoreError:
    """Return the error for any exception of redis-py.

    ``next_step`` is for a connection error of which nothing more is known.
    """
    error = _root_cause(error)
    if isinstance(error, _MASTER_NOT_FOUND):
        return FeatureStoreError(
            f"{server}: the Sentinels name no primary",
            next_step="see that they run (sentinel_password is theirs) and watch that service; "
            "when its primary failed, wait until another has its place",
        )
    if isinstance(error, redis.RedisClusterException) or type(error) is redis.cluster.ClusterError:
        text = " ".join(str(error).split())
        return FeatureStoreError(f"{server}: the Cluster is not ready: {text}", next_step=_SLOTS)
    is_reply = isinstance(error, (redis.AuthenticationError, redis.BusyLoadingError))
    if not is_reply and isinstance(error, (redis.ConnectionError, redis.TimeoutError, OSError)):
        return FeatureStoreError(
            f"{server}: the connection failed: {error}", next_step=_hint(str(error)) or next_step
        )
    return command_error(server, reply_of(error))


def _root_cause(error: Exception) -> Exception:
    """Return the error inside the one by which redis-py's clients hide it."""
    if isinstance(error.__cause__, (redis.AuthenticationError, redis.BusyLoadingError)):
        return error.__cause__  # asyncio, on a socket file
    while isinstance(error, redis.RedisClusterException):
        cause = error.__cause__ or error.__context__
        if not isinstance(cause, (redis.RedisError, redis.RedisClusterException, OSError)):
            break
        error = cause
    return error


def _hint(text: str) -> str | None:
    return next((step for part, step in _HINTS.items() if part in text), None)
