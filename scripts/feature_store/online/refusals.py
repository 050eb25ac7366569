"""What a Redis server's refusals mean, and what to do then."""

from __future__ import annotations

import redis

from feature_store.errors import FeatureStoreError

_NEXT_STEPS = {
    "OOM": "give the server more memory (maxmemory) or export fewer views, then export again",
    "MISCONF": "the server cannot save its data: see its log, then export again",
    "READONLY": "point REDIS_URL at the primary, then export again",
    "NOAUTH": "put the user and password into REDIS_URL",
    "WRONGPASS": "correct the user and password in REDIS_URL",
    "NOPERM": "give the user the commands and the keys that docs/online_store.md lists",
    "WRONGTYPE": "another program uses a key of this prefix: choose another "
    "FEATURE_STORE_PREFIX, or delete that key",
    "MOVED": "the server is a node of a Redis Cluster, which REDIS_URL cannot name",
    "LOADING": "wait until the server has loaded its data, then try again",
}


def code_of(reply: str) -> str:
    """Return the first word of an error reply: ``OOM`` of ``OOM command not allowed …``."""
    return reply.split(maxsplit=1)[0] if reply.split() else ""


def refusal(where: str, reply: str) -> FeatureStoreError:
    """Return the error for a server's error reply such as ``OOM command not allowed …``."""
    return FeatureStoreError(
        f"{where}: the Redis server refused a command: {reply}",
        next_step=_NEXT_STEPS.get(code_of(reply), "solve that, then try again"),
    )


def reply_of(error: redis.RedisError) -> str:
    """Return a server's error reply as it came; redis-py takes the code off some of them."""
    code = getattr(error, "status_code", None)
    text = " ".join(str(error).split())
    return text if not code or code == "ERR" or code in text.split() else f"{code} {text}"
