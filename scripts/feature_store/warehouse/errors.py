"""Turns DuckDB's errors into errors that say where, what, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from feature_store.errors import FeatureStoreError

_DAMAGED = re.compile(
    r"corrupt|checksum|read enough bytes|not a valid duckdb|invalidated|serializ|internal error"
    r"|storage version|wal file",
    re.I,
)


@contextmanager
def clear_errors(where: Path | str = "the warehouse") -> Iterator[None]:
    """Turn DuckDB's errors in the block into ones with a next step.

    An ``InterruptException``, which ends a query on request, stays as it is.

    Raises:
        FeatureStoreError: instead of every other :class:`duckdb.Error`.
    """
    try:
        yield
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise clear_error(error, str(where)) from error


def clear_error(error: duckdb.Error, where: str = "DuckDB") -> FeatureStoreError:
    """Return an error of DuckDB with its place and a next step."""
    said = first_line(error)
    if is_locked(error):
        return FeatureStoreError(
            f"{where}: another process has the warehouse open: {holder(error)}",
            allowed="one writer at a time, and no reader beside it",
            next_step="wait for the running dbt, loader or reader to end, then try again",
        )
    for matches, next_step in _ADVICE:
        if matches(error, said):
            return FeatureStoreError(f"{where}: {said}", next_step=next_step)
    return FeatureStoreError(
        f"{where}: {said}",
        next_step="run dbt build, then try again; if the message does not tell what to do, "
        "please report it",
    )


#: Conditions of an error and its text, with next steps; the first that holds is used.
_ADVICE: tuple[tuple[Callable[[duckdb.Error, str], bool], str], ...] = (
    (
        lambda error, said: "no space left" in said.lower() or "disk is full" in said.lower(),
        "make room on the disk of the warehouse and of DuckDB's temporary files, then try again",
    ),
    (
        lambda error, said: isinstance(error, duckdb.OutOfMemoryException),
        "set FEATURE_STORE_MEMORY_LIMIT to more, such as 8GB, or make room for temporary files",
    ),
    (
        lambda error, said: "permission denied" in said.lower() or "read-only" in said.lower(),
        "let this user read and write the file and its folder",
    ),
    (
        lambda error, said: "newer" in said.lower() and "version" in said.lower(),
        "install the DuckDB version that wrote the file, or export it from there",
    ),
    (
        lambda error, said: (
            isinstance(error, (duckdb.FatalException, duckdb.InternalException))
            or bool(_DAMAGED.search(said))
        ),
        "the file is damaged, or not of DuckDB: restore a backup of it, or move it away, then "
        "load the raw data and run dbt build",
    ),
    (
        lambda error, said: isinstance(error, (duckdb.CatalogException, duckdb.BinderException)),
        "the warehouse differs from what the project describes: run dbt build",
    ),
)


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def is_locked(error: BaseException | str) -> bool:
    """Return whether another process has the warehouse open."""
    return "Could not set lock on file" in str(error)


def holder(error: BaseException | str) -> str:
    """Return the process that has the warehouse open, as far as DuckDB names it."""
    found = re.search(r"lock is held in (.+?) \(PID (\d+)\)(?: by user (\w+))?", str(error))
    if not found:
        return "DuckDB does not say which"
    user = f" of user {found[3]}" if found[3] else ""
    return f"process {found[2]} ({found[1]}){user}"
