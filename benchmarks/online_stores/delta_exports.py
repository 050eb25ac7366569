"""Durations of the export command: all rows, the changed rows, and nothing to send."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from statistics import median

from feature_store import FeatureStoreError
from harness.command import Session
from harness.processes import REPOSITORY, run_tool
from harness.report import short
from online_stores.datasets import AFTER, BEFORE, VERSIONS, Dataset, warehouse
from online_stores.server import redis_server


@dataclass(frozen=True)
class DeltaExports:
    """Seconds of the export command, from start to end; one of each kind per repeat.

    Attributes:
        rows: rows of the view.
        layout: ``hash`` or ``packed``; keys have a TTL.
        full: exports of all rows to an empty server.
        changes: exports of a hundredth of the rows.
        nothing: exports without anything to send, which start, check and end.
    """

    rows: int
    layout: str
    full: tuple[float, ...]
    changes: tuple[float, ...]
    nothing: tuple[float, ...]

    @property
    def share(self) -> float:
        """Time of the changes beyond that of nothing to send, as a share of the full export's."""
        beyond = [one - none for one, none in zip(self.changes, self.nothing, strict=True)]
        return median(beyond) / median(self.full)

    def __str__(self) -> str:
        return f"{short(self.rows)}, {self.layout}"


def measure_delta_exports(session: Session, dataset: Dataset, layout: str) -> DeltaExports:
    """Export everything, then the changed rows, then nothing, in each repeat on a new server.

    Args:
        session: the conditions of the run.
        dataset: the rows, with both states.
        layout: ``hash`` or ``packed``.

    Raises:
        FeatureStoreError: the server does not have all rows at the end.
    """
    view = VERSIONS[layout, True]
    command = [sys.executable, str(REPOSITORY / "scripts/export_to_redis.py")]
    command += ["--view", view, "--verify", "0"]
    found = []
    for _ in range(session.repeats):
        seconds = []
        with redis_server(dataset.folder) as server:
            for state in (BEFORE, AFTER, AFTER):
                environment = session.environment | server.environment | warehouse(state)
                began = time.perf_counter()
                run_tool(command, dataset.project, environment)
                seconds.append(time.perf_counter() - began)
            rows = server.client.hget(f"fs:meta:{view}", "rows")
            if rows is None or int(rows) != dataset.rows:
                raise FeatureStoreError(f"{view}: {rows!r} rows are online, not {dataset.rows:,}")
        found.append(seconds)
        session.tell("  all {:.2f} s, a hundredth {:.2f} s, nothing {:.2f} s".format(*seconds))
    return DeltaExports(dataset.rows, layout, *map(tuple, zip(*found, strict=True)))
