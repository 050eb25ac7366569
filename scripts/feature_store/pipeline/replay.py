"""A replay: an interval of time run step by step, as it would have been run day by day."""

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
from feature_store.pipeline.refresh import RefreshProgress, load_step
from feature_store.pipeline.replay_warehouse import Interval, ReplayWarehouse
from feature_store.pipeline.run_lock import RunLock
from feature_store.pipeline.time_of_run import check_not_in_future
from feature_store.raw.load_request import LoadRequest
from feature_store.raw.sources import NoDeclarationsError, read_declarations
from feature_store.warehouse.connection import waiting

#: More of them are a typing error rather than meant.
_MOST_INTERVALS = 100_000


@dataclass(frozen=True)
class ReplayRequest:
    """The intervals to replay, and the options of a replay.

    Attributes:
        every: the length of an interval, in seconds.
        wait: seconds to wait for another run on the warehouse, and for other processes that have
            it open.
    """

    start: datetime
    end: datetime
    every: int
    fresh: bool = False
    export: bool = False
    wait: float = 0.0


@dataclass(frozen=True)
class IntervalResult:
    """The seconds that an interval took; ``start_up`` is the part of the build before any node."""

    interval: Interval
    load: float
    build: float
    start_up: float
    export: float

    @property
    def total(self) -> float:
        """The whole interval."""
        return self.load + self.build + self.export


class ReplayProgress(RefreshProgress):
    """Callbacks of a replay, which do nothing here."""

    def planned(self, intervals: list[Interval], pending: list[Interval]) -> None:
        """The requested intervals, and those of them that are still to be done."""

    def interval_started(self, interval: Interval) -> None:
        """An interval is about to be loaded."""

    def interval_finished(self, result: IntervalResult) -> None:
        """An interval is done and recorded."""


def intervals_of(start: datetime, end: datetime, every: int) -> list[Interval]:
    """Divide the time from start to end into intervals; the last one may be shorter."""
    step = timedelta(seconds=every)
    if (end - start) / step > _MOST_INTERVALS:
        raise FeatureStoreError(
            f"--every {every} s: makes more than {_MOST_INTERVALS:,} intervals of {start} to {end}",
            allowed="fewer and longer intervals",
            next_step="give a longer one, such as --every 1d, or a later --start",
        )
    intervals = []
    while start < end:
        intervals.append(Interval(start, min(start + step, end)))
        start += step
    return intervals


def replay(
    target: str | None,
    warehouse: Path,
    request: ReplayRequest,
    progress: ReplayProgress | None = None,
) -> ReplayWarehouse:
    """Load and build interval by interval, each as of its end, in a warehouse of its own.

    Tables without an event time are loaded with the first interval. An interval that an earlier
    replay completed is not run again.

    Raises:
        FeatureStoreError: the warehouse holds later data, no table is loaded by interval, another
            run is at work on it, the end lies in the future, or a step failed; the intervals before
            it are done.
    """
    progress = progress or ReplayProgress()
    own = ReplayWarehouse(target, warehouse)
    settings = own.settings
    try:
        declared = read_declarations(settings.project_dir)
    except NoDeclarationsError as error:
        raise FeatureStoreError(
            "no source is loaded by the feature store (config.meta.load): a warehouse of its own "
            "would stay empty, so there is nothing to replay",
            next_step="in the project's warehouse, dbt build --vars '{as_of: 2024-06-01}' serves "
            "the features as of a time",
        ) from error
    tables = [table for table in declared if table.event_time]
    if not tables:
        raise FeatureStoreError(
            "no source table is loaded by interval: there is nothing to replay",
            next_step="declare config.meta.load.event_time of a source table "
            "(feature-store, docs/operate/load_raw.md)",
        )
    if request.export:
        check_address(settings)
    check_not_in_future("END", request.end, timedelta(seconds=request.every))
    intervals = intervals_of(request.start, request.end, request.every)
    run = f"replay {Interval(request.start, request.end)}"
    with (
        waiting(request.wait, progress.message),
        RunLock(settings.warehouse_path, run, wait=request.wait, say=progress.message),
    ):
        own.prepare(fresh=request.fresh)
        pending = own.pending(intervals, tables)
        progress.planned(intervals, pending)
        project = DbtProject(settings, target, own.folder, own.folder / "logs")
        names: list[str] = []  # all tables at first
        for interval in pending:
            progress.interval_started(interval)
            load_request = LoadRequest(names, interval.start, interval.end, needs_files=False)
            result = _run(own, project, interval, load_request, progress, export=request.export)
            progress.interval_finished(result)
            names = [f"{table.source}.{table.name}" for table in tables]
    return own


def _run(
    own: ReplayWarehouse,
    project: DbtProject,
    interval: Interval,
    load_request: LoadRequest,
    progress: ReplayProgress,
    *,
    export: bool,
) -> IntervalResult:
    began = time.perf_counter()
    load_step(own.settings, load_request, progress)
    loaded = time.perf_counter()
    build = project.build(interval.end, lambda done, total: progress.advanced("dbt", done, total))
    built = time.perf_counter()
    if export:
        export_features(own.settings, ExportOptions(), progress)
    exported = time.perf_counter()
    own.record(interval, loaded - began, built - loaded)
    return IntervalResult(
        interval, loaded - began, built - loaded, build.times.start_up, exported - built
    )
