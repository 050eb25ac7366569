"""Turns errors that the program does not expect into one readable message."""

from __future__ import annotations

import traceback
from pathlib import Path

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.warehouse.errors import clear_error, first_line

#: The end of each such message.
TRACE = "FEATURE_STORE_DEBUG=1 shows the stack trace"
_PACKAGE = Path(__file__).resolve().parents[1]


def readable_error(error: BaseException) -> FeatureStoreError:
    """Return an error with its place, a next step, and how to see the stack trace."""
    if isinstance(error, duckdb.Error):
        found = clear_error(error, f"DuckDB (in {_place(error)})")
    elif isinstance(error, OSError):
        found = _system_error(error)
    elif isinstance(error, MemoryError):
        found = FeatureStoreError(
            "there is not enough memory",
            next_step="end other programs, or do less at once; FEATURE_STORE_MEMORY_LIMIT bounds "
            "DuckDB",
        )
    elif isinstance(error, ImportError):
        found = FeatureStoreError(
            f"a Python package cannot be imported: {first_line(error)}",
            next_step="install this package's requirements (pip install, or make setup in its "
            "repository), in the environment that runs this command",
        )
    else:
        found = FeatureStoreError(
            f"unexpected {type(error).__name__} in {_place(error)}: {first_line(error)}",
            next_step="please report it, with what was run",
        )
    return FeatureStoreError(
        found.what, allowed=found.allowed, next_step=f"{found.next_step}; {TRACE}"
    )


def _system_error(error: OSError) -> FeatureStoreError:
    said = error.strerror or first_line(error)
    where = error.filename if error.filename is not None else f"in {_place(error)}"
    return FeatureStoreError(
        f"{where}: {said}",
        next_step="check the path, the user's permissions and the space on the disk",
    )


def _place(error: BaseException) -> str:
    """Return the last line of this package in the stack trace of an error."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _PACKAGE in Path(frame.filename).resolve().parents]
    last = next(iter(reversed(own or frames)), None)
    return f"{Path(last.filename).name}, line {last.lineno}" if last else "the program"
