"""Connections to the DuckDB file: they wait for other processes, and explain errors."""

from __future__ import annotations

import contextlib
import time
import weakref
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.warehouse.errors import clear_error, first_line, holder, is_locked

#: Seconds that every command waits, at least, for another process to close the warehouse.
LEAST_WAIT = 5.0
#: Seconds between two attempts to open it, and between two messages about it.
_RETRY, _SAY_AGAIN = 0.1, 30.0
#: The bytes that every DuckDB file has, and their position.
_MAGIC, _MAGIC_AT = b"DUCK", 8

_opened: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()


@dataclass(frozen=True)
class Wait:
    """The wait for a warehouse that another process has open.

    Attributes:
        seconds: how long it may take.
        say: takes a line for the user.
        has_option: whether the running command has ``--wait``.
    """

    seconds: float = LEAST_WAIT
    say: Callable[[str], None] = lambda line: None
    has_option: bool = False


_DEFAULT = Wait()
_wait: ContextVar[Wait] = ContextVar("_wait", default=_DEFAULT)


@contextlib.contextmanager
def waiting(
    seconds: float, say: Callable[[str], None] | None = None, *, has_option: bool = True
) -> Iterator[None]:
    """Make everything in the block that opens a warehouse wait for other processes.

    Args:
        seconds: each time it is opened; at least :data:`LEAST_WAIT`.
        say: takes a line for the user; by default as outside of the block.
        has_option: whether the user can give the seconds, by ``--wait``.
    """
    token = _wait.set(Wait(max(seconds, LEAST_WAIT), say or _wait.get().say, has_option))
    try:
        yield
    finally:
        _wait.reset(token)


class LockRetry:
    """Retries an action for which another process must close the warehouse first.

    Args:
        for_writing: whether the action writes, so that readers must close it too.
    """

    def __init__(self, path: Path, *, for_writing: bool):
        self._path, self._wait = path, _wait.get()
        # Readers do not exclude each other.
        self._what = "another process has the warehouse open" + (
            "" if for_writing else " for writing"
        )
        self._began = self._said_at = time.monotonic()
        self._holder: str | None = None

    def pause(self, error: BaseException | str) -> None:
        """Sleep after an attempt that failed because of the lock."""
        now, found = time.monotonic(), holder(error)
        waited, seconds = now - self._began, self._wait.seconds
        if waited >= seconds:
            raise FeatureStoreError(
                f"{self._path}: {self._what}: {found}; waited {seconds:g} s for it",
                allowed="one writer at a time, and no reader beside it",
                next_step="wait for the running dbt, loader or reader to end, then try again"
                + (", or let this command wait with --wait SECONDS" * self._wait.has_option),
            )
        if found != self._holder or now - self._said_at >= _SAY_AGAIN:
            so_far = (
                f", {waited:.0f} of {seconds:g} s" if self._holder else f", up to {seconds:g} s"
            )
            self._wait.say(f"waiting for the warehouse, open in {found}{so_far}")
            self._holder, self._said_at = found, now
        time.sleep(_RETRY)


def connect(path: Path, *, read_only: bool = True) -> duckdb.DuckDBPyConnection:
    """Open the warehouse; the session's time zone is UTC.

    It waits for other processes that have it open: see :func:`waiting`.

    Args:
        path: the DuckDB file. A writer creates it where it is missing, a reader does not.
        read_only: several readers may share a file, a writer must be alone.

    Raises:
        FeatureStoreError: the file is missing, open in another process, or not a DuckDB file.
    """
    try:
        if read_only and not path.exists():
            raise FeatureStoreError(
                f"{path}: there is no warehouse yet",
                next_step="run feature-store load where sources declare files, then dbt build",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        _check_magic(path)
    except OSError as error:
        raise FeatureStoreError(
            f"{path}: cannot be used as the warehouse: {error.strerror}",
            allowed="a DuckDB file, in a folder that this user may write",
            next_step="set another path in profiles.yml, or FEATURE_STORE_WAREHOUSE",
        ) from error
    connection = _connect(path, read_only=read_only)
    connection.execute("set timezone = 'UTC'")
    # By default DuckDB prints the progress of a long query to stdout.
    connection.execute("set enable_progress_bar = false")
    _opened.add(connection)
    return connection


def _check_magic(path: Path) -> None:
    """Refuse a file of another kind, for which DuckDB might search an extension."""
    if path.exists():
        with path.open("rb") as file:
            head = file.read(_MAGIC_AT + len(_MAGIC))
        if head[_MAGIC_AT:] != _MAGIC:
            raise FeatureStoreError(
                f"{path}: is {'not a DuckDB file' if head else 'an empty file'}",
                allowed="a file written by DuckDB, or no file yet",
                next_step="restore the warehouse, or move the file away and load again",
            )


def _connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    retry = LockRetry(path, for_writing=not read_only)
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only)
        except duckdb.ConnectionException as error:
            raise FeatureStoreError(
                f"{path}: this process has the warehouse open already, in another way: "
                f"{first_line(error)}",
                next_step="close that connection",
            ) from error
        except duckdb.Error as error:
            if not is_locked(error):
                raise clear_error(error, str(path)) from error
            retry.pause(error)


def wait_for_warehouse(path: Path) -> None:
    """Wait until no other process has the warehouse open."""
    if path.exists():
        connect(path, read_only=False).close()


def interrupt_queries() -> None:
    """End the queries that run in this process at once, each with an error."""
    for connection in [*_opened]:
        with contextlib.suppress(duckdb.Error):  # closed already
            connection.interrupt()
