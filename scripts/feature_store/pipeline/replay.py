"""A stretch of time run interval by interval, as it would have been day by day."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from feature_store.dbt.project import DbtProject
from feature_store.errors import FeatureStoreError
from feature_store.online.connection.open import check_address
from feature_store.online.export.options import ExportOptions
from feature_store.online.export.run import export_features
from feature_store.pipeline.refresh import Watcher, check_not_in_future, load_step
from feature_store.pipeline.replay_warehouse import Interval, ReplayWarehouse
from feature_store.pipeline.run_lock import RunLock
from feature_store.raw.load_request import LoadRequest
from feature_store.raw.sources import read_declarations
from feature_store.warehouse.connection import waiting

#: More of them are a slip of the keyboard rather than meant.
_MOST_INTERVALS = 100_000


@dataclass(frozen=True)
class Asked:
    """What to replay.

    Attributes:
        start: of the first interval (naive UTC).
        end: of the last one, which may be shorter than the others.
        every: the length of an interval, in seconds.
        fresh: begin anew.
        export: export after each interval.
        wait: seconds that another run on the warehouse is waited for, and other processes that
            have it open.
    """

    start: datetime
    end: datetime
    every: int
    fresh: bool = False
    export: bool = False
    wait: float = 0.0


@dataclass(frozen=True)
class Replayed:
    """What an interval took, in seconds; ``start_up`` is dbt's share before it does anything."""

    interval: Interval
    load: float
    build: float
    start_up: float
    export: float

    @property
    def total(self) -> float:
        """The whole interval."""
        return self.load + self.build + self.export


class ReplayWatcher(Watcher):
    """Is told how a replay goes on; this one takes no notice."""

    def planned(self, intervals: list[Interval], left: list[Interval]) -> None:
        """So many intervals were asked for, and so many are left to do."""

    def began_interval(self, interval: Interval) -> None:
        """An interval is about to be loaded."""

    def ended_interval(self, replayed: Replayed) -> None:
        """An interval is done, and on record."""


def intervals_of(start: datetime, end: datetime, every: int) -> list[Interval]:
    """Divide a stretch of time; the last part may be shorter.

    Args:
        start: of the first part.
        end: of the last part.
        every: seconds.

    Raises:
        FeatureStoreError: there are too many.
    """
    step = timedelta(seconds=every)
    if (end - start) / step > _MOST_INTERVALS:
        raise FeatureStoreError(
            f"--every {every} s: makes more than {_MOST_INTERVALS:,} intervals of {start} to {end}",
            allowed="fewer and longer intervals",
        )
    starts = []
    while start < end:
        starts.append(start)
        start += step
    return [Interval(one, min(one + step, end)) for one in starts]


def replay(
    target: str | None, warehouse: Path, asked: Asked, watcher: ReplayWatcher | None = None
) -> ReplayWarehouse:
    """Load and build interval by interval, each as of its end, in a warehouse of its own.

    Tables without an event time are loaded with the first interval. An interval that an earlier
    replay came to the end of is not run again.

    Args:
        target: a target of profiles.yml.
        warehouse: the DuckDB file.
        asked: which intervals, and how.
        watcher: is told how it goes on.

    Returns:
        The warehouse.

    Raises:
        FeatureStoreError: the warehouse holds later data, no table arrives by interval, another run
            is at work on it, the end lies in the future, or a step failed; the intervals before it
            are done.
    """
    watcher = watcher or ReplayWatcher()
    own = ReplayWarehouse(target, warehouse)
    settings = own.settings
    tables = [table for table in read_declarations(settings.project_dir) if table.event_time]
    if not tables:
        raise FeatureStoreError(
            "no source table is loaded by interval: there is nothing to replay",
            next_step="declare config.meta.load.event_time of a source table "
            "(docs/operate/load_raw.md)",
        )
    if asked.export:
        check_address(settings)
    check_not_in_future("END", asked.end, timedelta(seconds=asked.every))
    intervals = intervals_of(asked.start, asked.end, asked.every)
    run = f"replay {Interval(asked.start, asked.end)}"
    with (
        waiting(asked.wait, watcher.message),
        RunLock(settings.warehouse_path, run, wait=asked.wait, say=watcher.message),
    ):
        own.prepare(fresh=asked.fresh)
        left = own.pending(intervals, tables)
        watcher.planned(intervals, left)
        project = DbtProject(settings, target, own.folder, own.folder / "logs")
        names: list[str] = []  # all tables at first
        for interval in left:
            watcher.began_interval(interval)
            watcher.ended_interval(_run(own, project, interval, names, asked, watcher))
            names = [f"{table.source}.{table.name}" for table in tables]
    return own


def _run(
    own: ReplayWarehouse,
    project: DbtProject,
    interval: Interval,
    names: list[str],
    asked: Asked,
    watcher: ReplayWatcher,
) -> Replayed:
    """Load, build and export one interval, and put it on record."""
    began = time.perf_counter()
    request = LoadRequest(names, interval.start, interval.end, needs_files=False)
    load_step(own.settings, request, watcher)
    loaded = time.perf_counter()
    build = project.build(interval.end, lambda done, total: watcher.advanced("dbt", done, total))
    built = time.perf_counter()
    if asked.export:
        export_features(own.settings, ExportOptions(), watcher)
    exported = time.perf_counter()
    own.note(interval, loaded - began, built - loaded)
    return Replayed(
        interval, loaded - began, built - loaded, build.times.start_up, exported - built
    )
