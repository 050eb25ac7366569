"""Waiting between the attempts to reach a server that is broken or busy, and when to give up."""

from __future__ import annotations

import time

import redis
import redis.cluster
from redis.backoff import ExponentialWithJitterBackoff

from feature_store.online.connection.errors import code_of, reply_of

#: Seconds without any progress after which an export gives up.
RETRY_TIMEOUT = 15.0
#: What redis-py raises; some errors of a Cluster's client are no RedisError.
SERVER_ERRORS = (redis.RedisError, redis.RedisClusterException)
#: Error replies that end by themselves: while a server starts, or a Cluster moves slots.
_TEMPORARY = {"MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "NOREPLICAS"}
#: No reply, or no Cluster: its client found no node for a slot, in all of its own retries.
_CONNECTION_ERRORS = (
    redis.ConnectionError,
    redis.TimeoutError,
    OSError,
    redis.RedisClusterException,
    redis.cluster.ClusterError,
)
#: The reply of a server that was the primary until its replica took over.
_AFTER_FAILOVER = {"READONLY"}


class ReplyError(Exception):
    """A server's error reply, as it came."""

    def __init__(self, reply: str):
        self.reply = reply
        super().__init__(reply)


class Retrier:
    """Waits longer before each retry, and gives up after ``RETRY_TIMEOUT`` without progress.

    Args:
        follows_failover: whether a server that takes no writes any more has a successor that the
            client finds (Sentinel, Cluster).
    """

    def __init__(self, follows_failover: bool):
        self._temporary = _TEMPORARY | (_AFTER_FAILOVER if follows_failover else set())
        self._backoff = ExponentialWithJitterBackoff(cap=1, base=0.1)
        self._failures = 0
        self._give_up_at = 0.0

    def progress(self) -> None:
        """Note progress: the next failure counts as the first."""
        self._failures = 0

    def wait(self, error: BaseException) -> None:
        """Wait before the next attempt; raise the error where waiting does not help any more."""
        now = time.monotonic()
        if not self._failures:
            self._give_up_at = now + RETRY_TIMEOUT
        self._failures += 1
        pause = self._backoff.compute(self._failures)
        if not self._is_temporary(error) or now + pause > self._give_up_at:
            raise error
        time.sleep(pause)

    def _is_temporary(self, error: BaseException) -> bool:
        if isinstance(error, ReplyError):
            return code_of(error.reply) in self._temporary
        if isinstance(error, redis.ResponseError):
            return code_of(reply_of(error)) in self._temporary
        if isinstance(error, redis.AuthenticationError):
            return False
        return isinstance(error, _CONNECTION_ERRORS)
