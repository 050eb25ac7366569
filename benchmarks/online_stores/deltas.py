"""Exports of what changed: the whole command, from its start to its end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench.prepare import REPOSITORY, run_tool
from bench.report import short
from feature_store import FeatureStoreError
from online_stores.prepare import AFTER, BEFORE, VERSIONS, Dataset, warehouse
from online_stores.server import redis_server


@dataclass(frozen=True)
class Delta:
    """Seconds of the command, one of each a run.

    Attributes:
        rows: rows of the view.
        layout: ``hash`` or ``packed``; keys have a TTL.
        full: all rows to an empty server.
        changes: a hundredth of them.
        nothing: when all has been sent: what starting, checking and ending takes.
    """

    rows: int
    layout: str
    full: tuple[float, ...]
    changes: tuple[float, ...]
    nothing: tuple[float, ...]

    @property
    def share(self) -> float:
        """What the changes take beyond a run with nothing to send, of the full export's time."""
        beyond = [one - none for one, none in zip(self.changes, self.nothing, strict=True)]
        return median(beyond) / median(self.full)

    def __str__(self) -> str:
        return f"{short(self.rows)}, {self.layout}"


def _seconds(dataset: Dataset, view: str, environment: dict[str, str]) -> float:
    command = [sys.executable, str(REPOSITORY / "scripts/export_to_redis.py")]
    began = time.perf_counter()
    run_tool([*command, "--view", view, "--verify", "0"], dataset.project, environment)
    return time.perf_counter() - began


def run_delta(
    dataset: Dataset,
    layout: str,
    environment: dict[str, str],
    repeats: int,
    tell: Callable[[str], None],
) -> Delta:
    """Export everything, then what changed, then nothing, again and again.

    Args:
        dataset: with both states.
        layout: ``hash`` or ``packed``.
        environment: of the command.
        repeats: runs of each.
        tell: takes one line about each repeat.

    Raises:
        FeatureStoreError: the changes have not come to the server.
    """
    view = VERSIONS[layout, True]
    found = []
    for _ in range(repeats):
        with redis_server(dataset.folder) as server:
            seconds = []
            for state in (BEFORE, AFTER, AFTER):
                own = environment | server.environment | warehouse(state)
                seconds.append(_seconds(dataset, view, own))
            rows = server.client.hget(f"fs:meta:{view}", "rows")
            if rows is None or int(rows) != dataset.rows:
                raise FeatureStoreError(f"{view}: {rows!r} rows are online, not {dataset.rows:,}")
        found.append(seconds)
        tell("  all {:.2f} s, a hundredth {:.2f} s, nothing {:.2f} s".format(*seconds))
    return Delta(dataset.rows, layout, *(tuple(times) for times in zip(*found, strict=True)))
