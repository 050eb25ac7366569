"""How long a broken or busy server is waited for, and how often it is asked again."""

from __future__ import annotations

import time

import redis
import redis.cluster
from redis.backoff import ExponentialWithJitterBackoff

from feature_store.online.connection.errors import code_of, reply_of

#: Seconds without any progress after which an export gives up.
PATIENCE = 15.0
#: What redis-py raises; a Cluster's client has errors that are no RedisError.
SERVER_ERRORS = (redis.RedisError, redis.RedisClusterException)
#: Refusals that end by themselves: a server that starts, a cluster that moves slots or fails over.
_PASSING = {"MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "NOREPLICAS"}
#: No answer, or no Cluster: a client that found no node for a slot, however often it asked.
_BROKEN = (
    redis.ConnectionError,
    redis.TimeoutError,
    OSError,
    redis.RedisClusterException,
    redis.cluster.ClusterError,
)
#: A server that was the primary until its replica took over.
_AFTER_FAILOVER = {"READONLY"}


class RefusedError(Exception):
    """A server's error reply, as it came.

    Args:
        reply: such as ``OOM command not allowed …``.
    """

    def __init__(self, reply: str):
        self.reply = reply
        super().__init__(reply)


class Patience:
    """Waits longer and longer, and gives up when nothing has gone on for too long.

    Args:
        follows_failover: whether a server that takes no writes any more has a successor that would
            be found (Sentinel, Cluster).
    """

    def __init__(self, follows_failover: bool):
        self._passing = _PASSING | (_AFTER_FAILOVER if follows_failover else set())
        self._backoff = ExponentialWithJitterBackoff(cap=1, base=0.1)
        self._failures = 0
        self._give_up = 0.0

    def progress(self) -> None:
        """Note that something went on."""
        self._failures = 0

    def wait(self, error: BaseException) -> None:
        """Wait before the next attempt.

        Args:
            error: what went wrong; raised where waiting does not help, or no longer.
        """
        now = time.monotonic()
        if not self._failures:
            self._give_up = now + PATIENCE
        self._failures += 1
        pause = self._backoff.compute(self._failures)
        if not self._may_pass(error) or now + pause > self._give_up:
            raise error
        time.sleep(pause)

    def _may_pass(self, error: BaseException) -> bool:
        if isinstance(error, RefusedError):
            return code_of(error.reply) in self._passing
        if isinstance(error, redis.ResponseError):
            return code_of(reply_of(error)) in self._passing
        if isinstance(error, redis.AuthenticationError):
            return False
        return isinstance(error, _BROKEN)
