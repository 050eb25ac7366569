"""A lock that lets only one exporter at a time write below a prefix."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

from redis.exceptions import LockNotOwnedError
from redis.lock import Lock

from feature_store.errors import FeatureStoreError
from feature_store.online.connection.online_store import OnlineStore
from feature_store.online.connection.redis_internals import set_token

#: Seconds between two attempts to take the lock of another exporter.
_POLL = 0.1
#: Seconds to wait until the lock is released.
_RELEASE_TIMEOUT = 2
#: A clock that goes on while the machine is suspended, where the system has one.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class LockLostError(FeatureStoreError):
    """Another exporter took the lock over."""


class LockGapError(Exception):
    """The lock was lost for a while: another exporter may have written meanwhile, and ended."""


class ExportLock:
    """A lock with a lease: a holder that is killed loses it after ``lease`` seconds.

    A thread renews the lease. Before each batch the exporter calls :meth:`check`, because a process
    that was stopped for a while does not know that its lease is over.

    Attributes:
        gaps: how often the lock was lost and taken again: others may have exported meanwhile.

    Raises:
        FeatureStoreError: on entering, when another exporter has not ended by then.
    """

    def __init__(
        self, store: OnlineStore, *, lease: float, wait: float, message: Callable[[str], None]
    ):
        self._client, self._key = store.client, store.keys.lock
        self._lease, self._wait, self._message = lease, wait, message
        # Other exporters name it in their errors.
        self._token = f"{socket.gethostname()}, process {os.getpid()}, {uuid4().hex[:8]}"
        self._lock = Lock(self._client, self._key, timeout=lease, sleep=_POLL, thread_local=False)
        self._mutex = threading.Lock()
        self._held_until = 0.0
        self._leaving = threading.Event()
        self._renewing = threading.Thread(target=self._renew_until_left, daemon=True)
        self.gaps = 0

    def __enter__(self) -> ExportLock:
        if not self._acquire(blocking=False):
            if self._wait:
                self._message(f"waiting for another exporter: {self._holder()}")
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
        # The server set it, but the reply was lost, and redis-py's retry found it set.
        set_token(self._lock, self._token.encode())
        return True

    def __exit__(self, *_: object) -> None:
        self._leaving.set()
        # Not longer: where the server hangs, the lease ends by itself.
        releasing = threading.Thread(target=self._release, daemon=True)
        releasing.start()
        releasing.join(_RELEASE_TIMEOUT)

    def _release(self) -> None:
        # Any error: the client may be closed meanwhile.
        with self._mutex, suppress(Exception):
            self._lock.release()

    def check(self, gaps: int) -> None:
        """Check that the lock is held, and was without a gap since :attr:`gaps` had this number.

        Raises:
            LockLostError: another exporter has it.
            LockGapError: another exporter may have had it since then.
            redis.RedisError: the server does not reply.
        """
        if _now() >= self._held_until:
            self._renew()
        if self.gaps != gaps:
            raise LockGapError

    def _renew_until_left(self) -> None:
        while not self._leaving.wait(self._lease / 3):
            # check() raises the same error where it matters.
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
