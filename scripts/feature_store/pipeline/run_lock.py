"""A lock that lets one refresh or replay at a time work on a warehouse."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from feature_store.errors import FeatureStoreError
from feature_store.file_locks import lock

#: Seconds between two attempts to take the lock.
_RETRY = 0.1


class RunLock:
    """A lock on a file beside the warehouse, which says who holds it.

    It ends with the process that holds it, however that ends. The file stays: removing it would let
    two processes hold locks on two files of the same name. Its text is for people only.

    Raises:
        FeatureStoreError: on entering, when another run has not ended by then, or the file cannot
            be written.
    """

    def __init__(
        self,
        warehouse: Path,
        run: str,
        *,
        wait: float = 0.0,
        say: Callable[[str], None] = lambda line: None,
    ):
        file = Path(os.path.realpath(warehouse))  # one file, whatever links to it
        self.path = file.with_name(file.name + ".lock")
        self._warehouse, self._run, self._wait, self._say = warehouse, run, wait, say
        self._file: TextIO | None = None

    def __enter__(self) -> RunLock:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Not truncated before it is locked: it may hold the text of another run.
            file = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666), "r+")
        except OSError as error:
            raise FeatureStoreError(
                f"{self.path}: cannot be written: {error.strerror}",
                allowed="a file beside the warehouse that this user may write",
                next_step="correct the permissions of the folder, or remove what has this name",
            ) from error
        try:
            self._acquire(file)
            file.truncate()
            file.write(
                f"{self._run}, process {os.getpid()} on {socket.gethostname()}, "
                f"since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
            )
            file.flush()
        except BaseException:
            file.close()
            raise
        self._file = file
        return self

    def _acquire(self, file: TextIO) -> None:
        deadline = time.monotonic() + self._wait
        waited = False
        while not lock(file, wait=False):
            if time.monotonic() >= deadline:
                raise FeatureStoreError(
                    f"{self._warehouse}: another run is at work: {_holder(file)}",
                    allowed="one run at a time on a warehouse"
                    + (f"; this one waited for {self._wait:g} s" if self._wait else ""),
                    next_step="run again when it has ended, or let this one wait with --wait",
                )
            if not waited:
                waited = True
                self._say(f"waiting for another run: {_holder(file)}")
            time.sleep(_RETRY)
        file.seek(0)

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.seek(0)
            self._file.truncate()  # the run has ended: it holds the lock no longer
            self._file.close()
            self._file = None


def _holder(file: TextIO) -> str:
    file.seek(0)
    return file.read() or "it has just begun"
