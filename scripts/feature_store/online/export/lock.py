"""The lock that lets one exporter at a time write below a prefix."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import redis
from redis.cluster import RedisCluster
from redis.exceptions import LockNotOwnedError
from redis.lock import Lock

from feature_store.errors import FeatureStoreError
from feature_store.online.layout.keys import lock_key

#: Seconds between two looks whether another exporter has ended.
_LOOK = 0.1
#: Seconds that the server gets to take the lock back.
_RELEASING = 2
#: Counts the time that a suspended machine sleeps, too, where the system has such a clock.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class LockLostError(FeatureStoreError):
    """Another exporter took the lock over."""


class LockGapError(Exception):
    """The lock was lost for a while: another exporter may have written meanwhile, and ended."""


class ExportLock:
    """A lock with a lease: a holder that is killed loses it after ``lease`` seconds.

    A thread renews the lease. Before each piece the exporter asks :meth:`check`, because a process
    that was stopped for a while does not know that its lease is over.

    Args:
        client: the online store.
        prefix: first part of every key.
        lease: seconds.
        wait: seconds that another exporter is waited for.
        say: takes a line for the user.

    Raises:
        FeatureStoreError: on entering, when another exporter has not ended by then.
    """

    def __init__(
        self,
        client: redis.Redis | RedisCluster,
        prefix: str,
        *,
        lease: float,
        wait: float,
        say: Callable[[str], None],
    ):
        self._client, self._key = client, lock_key(prefix)
        self._lease, self._wait, self._say = lease, wait, say
        # Said in the error of whoever finds it.
        self._token = f"{socket.gethostname()}, process {os.getpid()}, {uuid4().hex[:8]}"
        self._lock = Lock(client, self._key, timeout=lease, sleep=_LOOK, thread_local=False)
        self._mutex = threading.Lock()
        self._held_until = 0.0
        self._leaving = threading.Event()
        self._renewing = threading.Thread(target=self._renew_until_left, daemon=True)
        #: How often the lock was lost and taken again: others may have exported meanwhile.
        self.gaps = 0

    def __enter__(self) -> ExportLock:
        if not self._acquire(blocking=False):
            if self._wait:
                self._say(f"waiting for another exporter: {self._holder()}")
            if not self._acquire(blocking=True):
                raise FeatureStoreError(
                    f"another exporter holds {self._key}: {self._holder()}",
                    allowed=f"one exporter at a time; this one waited for {self._wait:g} s",
                    next_step="export again when it has ended",
                )
        self._renew()
        self._renewing.start()
        return self

    def _holder(self) -> str:
        return self._client.get(self._key) or "it has just ended"

    def _acquire(self, *, blocking: bool) -> bool:
        if self._lock.acquire(blocking=blocking, blocking_timeout=self._wait, token=self._token):
            return True
        if self._client.get(self._key) != self._token:
            return False
        # It was given to this one, but the answer was lost and the library asked again.
        self._lock.local.token = self._token.encode()
        return True

    def __exit__(self, *_: object) -> None:
        self._leaving.set()
        # A server that hangs is not waited for: the lease ends by itself.
        releasing = threading.Thread(target=self._release, daemon=True)
        releasing.start()
        releasing.join(_RELEASING)

    def _release(self) -> None:
        # Whatever happens to it: the client may be closed meanwhile.
        with self._mutex, suppress(Exception):
            self._lock.release()

    def check(self, gaps: int) -> None:
        """Make sure that the lock is held at this moment, and was all the time.

        Args:
            gaps: :attr:`gaps` when what is being sent was decided.

        Raises:
            LockLostError: another exporter has it.
            LockGapError: another exporter may have had it since then.
            redis.RedisError: the server does not answer.
        """
        if _now() >= self._held_until:
            self._renew()
        if self.gaps != gaps:
            raise LockGapError

    def _renew_until_left(self) -> None:
        while not self._leaving.wait(self._lease / 3):
            # check() meets the same error, where it matters.
            with suppress(Exception):
                self._renew()

    def _renew(self) -> None:
        with self._mutex:
            if self._leaving.is_set():
                return
            began = _now()
            try:
                self._lock.reacquire()
            except LockNotOwnedError:
                if not self._acquire(blocking=False):
                    raise LockLostError(
                        f"{self._key}: another exporter took over: {self._holder()}; this export "
                        f"stood still for more than {self._lease:g} s, or the server was restarted "
                        "without what it had last written",
                        next_step="export again when that one has ended",
                    ) from None
                self.gaps += 1
            self._held_until = began + self._lease


def _now() -> float:
    return time.clock_gettime(_CLOCK)
