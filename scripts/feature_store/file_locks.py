"""The operating system's exclusive lock on an open file or folder."""

from __future__ import annotations

import fcntl
from typing import IO


def lock(file: int | IO[str], *, wait: bool = True) -> bool:
    """Lock an open file or folder for this process alone, until it is closed or the process ends.

    The result is whether this process holds the lock now.

    Raises:
        OSError: the file system has no locks.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True
