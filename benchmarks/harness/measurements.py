"""Time and peak memory of a contender, measured in its own process. Standard library only."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

#: Every contender runs on this many cores, always the same ones.
CORES = 2


def peak_bytes() -> int:
    """Return the largest resident memory of this process so far, in bytes.

    ``VmHWM`` where it exists: ``ru_maxrss`` may be the value of the parent before the fork.
    """
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        if found:
            return int(found[1]) * 1024
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


class Stopwatch:
    """Seconds, CPU seconds and peak memory of the work of this process.

    Create it before the libraries are imported: it keeps the process to :data:`CORES` cores, and
    some libraries count the cores while they are imported.
    """

    def __init__(self) -> None:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
        self._numbers: dict[str, float | int] = {}
        self.start()

    def imported(self) -> None:
        """Note the memory that the imported libraries take, and start measuring."""
        self._numbers["import_bytes"] = peak_bytes()
        self.start()

    def start(self) -> None:
        """Start measuring (again)."""
        self._began, self._began_cpu = time.perf_counter(), time.process_time()

    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.perf_counter() - self._began

    def stop(self) -> None:
        """Note the seconds since the start, those of all cores together, and the peak memory."""
        self._numbers["seconds"] = self.seconds()
        self._numbers["cpu_seconds"] = time.process_time() - self._began_cpu
        self._numbers["peak_bytes"] = peak_bytes()

    def report(self, *packages: str, **numbers: Any) -> None:
        """Print all measurements as one line of JSON.

        Args:
            packages: their versions are reported; a package that is not installed is left out.
            numbers: further measurements, or those that replace the ones of the stopwatch.
        """
        versions: dict[str, str] = {}
        for package in packages:
            with suppress(PackageNotFoundError):
                versions[package] = version(package)
        print(json.dumps({**self._numbers, **numbers, "versions": versions}))
