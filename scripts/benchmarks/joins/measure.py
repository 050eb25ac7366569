"""What one contender measures of itself, in a process of its own. Standard library only."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path

#: Both contenders run on so many cores, the same ones.
CORES = 2
VIEW = "customer_activity"
FEATURES = (
    "orders_7d",
    "orders_28d",
    "orders_90d",
    "orders_lifetime",
    "spend_7d",
    "spend_28d",
    "spend_90d",
    "largest_line_28d",
    "average_order_28d",
    "discounted_share_90d",
    "favourite_department",
    "is_active",
)


@dataclass(frozen=True)
class Arguments:
    """What a contender is asked for: its project, the spine, and how.

    Attributes:
        project: the folder of the dbt project or of the Feast repository.
        spine: the spine's Parquet file.
        max_age_days: features older than this are null; None for no limit.
        result: where to write the joined rows (Parquet) once all is measured; None: nowhere.
    """

    project: Path
    spine: Path
    max_age_days: int | None
    result: Path | None


def read_arguments() -> Arguments:
    """Read the command line, and keep this process to :data:`CORES` cores."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--spine", type=Path, required=True)
    parser.add_argument("--max-age-days", type=int)
    parser.add_argument("--result", type=Path)
    found = parser.parse_args()
    # Before anything is imported: some libraries count the cores when they are loaded.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    return Arguments(found.project, found.spine, found.max_age_days, found.result)


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


class Stopwatch:
    """Seconds between the steps of a run, and the memory before the step that counts."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self._found: dict[str, float | int] = {}

    def lap(self, name: str) -> None:
        """Note the seconds since the last step, and the peak of memory so far."""
        now = time.perf_counter()
        self._found[f"{name}_seconds"] = now - self._last
        self._found[f"{name}_bytes"] = peak_bytes()
        self._last = time.perf_counter()

    def report(self, rows: int, versions: dict[str, str]) -> None:
        """Print what was measured as one line of JSON."""
        print(json.dumps({**self._found, "rows": rows, "versions": versions}))
