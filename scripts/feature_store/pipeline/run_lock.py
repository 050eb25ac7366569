"""The lock that lets one run at a time work on a warehouse."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TextIO

from feature_store.errors import FeatureStoreError

#: Seconds between two looks whether the other run has ended.
_LOOK = 0.1


class RunLock:
    """The operating system's lock on a file beside the warehouse.

    It ends with the process that holds it, however that ends. The file stays: removing it would let
    two processes hold locks on two files of the same name. What stands in it is for people.

    Args:
        warehouse: the DuckDB file.
        run: what holds the lock, as a person calls it.
        wait: seconds that another run is waited for.
        say: takes a line for the user.

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
            # Neither truncated nor written before it is ours: another run's words stand in it.
            file = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666), "r+")
        except OSError as error:
            raise FeatureStoreError(
                f"{self.path}: cannot be written: {error.strerror}",
                allowed="a file beside the warehouse that this user may write",
            ) from error
        try:
            self._acquire(file)
            file.truncate()
            began = datetime.now(UTC)
            file.write(
                f"{self._run}, process {os.getpid()} on {socket.gethostname()}, "
                f"since {began:%Y-%m-%d %H:%M:%S} UTC"
            )
            file.flush()
        except BaseException:
            file.close()
            raise
        self._file = file
        return self

    def _acquire(self, file: TextIO) -> None:
        give_up = time.monotonic() + self._wait
        waited = False
        while not try_lock(file):
            if time.monotonic() >= give_up:
                raise FeatureStoreError(
                    f"{self._warehouse}: another run is at work: {_holder(file)}",
                    allowed="one run at a time on a warehouse"
                    + (f"; this one waited for {self._wait:g} s" if self._wait else ""),
                    next_step="run again when it has ended, or let this one wait with --wait",
                )
            if not waited:
                waited = True
                self._say(f"waiting for another run: {_holder(file)}")
            time.sleep(_LOOK)
        file.seek(0)

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.seek(0)
            self._file.truncate()  # nobody is to read of a run that has ended
            self._file.close()
            self._file = None


def try_lock(file: IO[str]) -> bool:
    """Lock an open file for this process alone; return whether no other process has locked it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(file: TextIO) -> str:
    file.seek(0)
    return file.read() or "it has just begun"
