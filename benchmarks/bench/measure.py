"""What one contender measures of itself, in a process of its own. Standard library only."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

#: Every contender runs on so many cores, the same ones.
CORES = 2


def use_cores() -> None:
    """Keep this process to :data:`CORES` cores.

    To be called before anything is imported: some libraries count the cores when they are loaded.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


def peak_bytes() -> int:
    """Return the most memory that this process has held at once, in bytes.

    ``VmHWM``, where there is one: ``ru_maxrss`` may be that of the parent before it started us.
    """
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        if found:
            return int(found[1]) * 1024
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def cpu_seconds() -> float:
    """Return the seconds that all cores together have spent on this process so far."""
    return time.process_time()


class Stopwatch:
    """Seconds between the steps of a run, and the most memory held until the end of each."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self._last_cpu = cpu_seconds()
        self._found: dict[str, float | int] = {}

    def lap(self, name: str) -> None:
        """Note the seconds since the last step, of all cores too, and the peak of memory so far."""
        now, cpu = time.perf_counter(), cpu_seconds()
        self._found[f"{name}_seconds"] = now - self._last
        self._found[f"{name}_cpu_seconds"] = cpu - self._last_cpu
        self._found[f"{name}_bytes"] = peak_bytes()
        self._last, self._last_cpu = time.perf_counter(), cpu_seconds()

    def report(self, **facts: Any) -> None:
        """Print what was measured, and other facts, as one line of JSON."""
        print(json.dumps({**self._found, **facts}))
