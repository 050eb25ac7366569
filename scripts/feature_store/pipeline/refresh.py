"""One run of the pipeline: load, build, export."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb

from feature_store.dbt.project import DbtBuild, DbtProject
from feature_store.errors import FeatureStoreError
from feature_store.online.connection.open import check_address
from feature_store.online.export.options import ExportedView, ExportOptions, ExportProgress
from feature_store.online.export.run import export_features
from feature_store.pipeline.run_lock import RunLock
from feature_store.raw.load import load
from feature_store.raw.load_request import LoadRequest
from feature_store.raw.load_result import LoadResult
from feature_store.raw.report import failure, warnings
from feature_store.registry.definitions import (
    FeatureDefinitions,
    duration_seconds,
    load_definitions,
)
from feature_store.settings import Settings
from feature_store.warehouse.connection import connect, waiting

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Refreshed:
    """What a run did.

    Attributes:
        loaded: one result a raw table.
        build: what dbt did.
        exported: one result a feature view.
        load_seconds: of the load.
        export_seconds: of the export with its check.
    """

    loaded: list[LoadResult]
    build: DbtBuild
    exported: list[ExportedView]
    load_seconds: float
    export_seconds: float


class Watcher(ExportProgress):
    """Is told how a run goes on; this one takes no notice."""

    def advanced(self, step: str, done: int, total: int) -> None:
        """So many files (``load``) or nodes (``dbt``) of a step are done."""

    def loaded(self, results: list[LoadResult], seconds: float) -> None:
        """The load has ended well."""

    def built(self, build: DbtBuild) -> None:
        """Dbt has ended well."""

    def exported(self, views: list[ExportedView], seconds: float) -> None:
        """The export has ended well."""


def refresh(
    settings: Settings,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    wait: float = 0.0,
    project: DbtProject | None = None,
    watcher: Watcher | None = None,
) -> Refreshed:
    """Load what is new, build and test, and export what changed; a step that fails is the last.

    Args:
        settings: the project, its warehouse and its online store.
        start: load rows from this event time on (naive UTC); None: no lower bound.
        end: load rows before this event time (naive UTC); None: no upper bound.
        wait: seconds that another run on this warehouse is waited for, and, each time that it is
            opened, other processes that have it open; these for 5 s at least.
        project: the dbt project, where it is parsed already.
        watcher: is told how it goes on.

    Returns:
        What was done.

    Raises:
        FeatureStoreError: a table could not be loaded, a node failed, the export was refused, or
            another run is at work.
    """
    watcher = watcher or Watcher()
    check_address(settings)  # an address that cannot be read is better known before the work
    run = "refresh"
    run += f" from {start:%Y-%m-%d %H:%M}" if start else ""
    run += f" to {end:%Y-%m-%d %H:%M}" if end else ""
    with (
        waiting(wait, watcher.message),
        RunLock(settings.warehouse_path, run, wait=wait, say=watcher.message),
    ):
        began = time.perf_counter()
        loaded = load_step(settings, LoadRequest(start=start, end=end), watcher)
        load_seconds = time.perf_counter() - began
        watcher.loaded(loaded, load_seconds)

        project = project or DbtProject(settings)
        project.parse()
        as_of = time_of_run(settings, end)
        build = project.build(as_of, lambda done, total: watcher.advanced("dbt", done, total))
        watcher.built(build)

        began = time.perf_counter()
        exported = export_features(settings, ExportOptions(), watcher)
        export_seconds = time.perf_counter() - began
        watcher.exported(exported, export_seconds)
    return Refreshed(loaded, build, exported, load_seconds, export_seconds)


def load_step(settings: Settings, request: LoadRequest, watcher: Watcher) -> list[LoadResult]:
    """Load, and take a table that could not be loaded for a failure of the whole.

    Raises:
        FeatureStoreError: names every such table.
    """
    files = done = 0

    def begin(number: int) -> None:
        nonlocal files
        files = number

    def step(*_: object) -> None:
        nonlocal done
        done += 1
        watcher.advanced("load", done, files)

    results = load(settings, request, step, begin)
    for line in warnings(results):
        watcher.message(line)
    if error := failure(results):
        raise error
    return results


def time_of_run(settings: Settings, end: datetime | None) -> datetime | None:
    """Return the time as of which a run that loads an interval serves.

    It is the interval's end, unless a view was served as of a later time already: an interval that
    is loaded again or late changes the features, not the time. Otherwise the snapshots would take
    an old time for the newest one, and the export would refuse it. Then the views are served as the
    last time: as of the one time that they all had, or each as of the end of its data.

    A time that lay in the future when it was served does not count: see :func:`last_served`.

    Args:
        settings: the project, which dbt has parsed, and its warehouse.
        end: of the interval (naive UTC); None is answered by None.

    Returns:
        The var as_of (naive UTC); None: each view as of the end of its last grain that holds data.

    Raises:
        FeatureStoreError: the interval ends in the future.
    """
    if end is None:
        return None
    definitions = load_definitions(settings.target_path / "manifest.json", settings.project_name)
    grain = longest_grain(definitions)
    check_not_in_future("END", end, grain)
    current = [view.served_id for view in definitions.views if view.served_id]
    with connect(settings.warehouse_path) as connection:
        served = {time for snapshot, time in last_served(connection, grain) if snapshot in current}
    if not served or end >= max(served):
        return end
    return served.pop() if len(served) == 1 else None


def longest_grain(definitions: FeatureDefinitions) -> timedelta:
    """Return the longest grain of the project's feature views, a day at least."""
    nodes = definitions.manifest.get("nodes", {}).values()
    declarations = [(node["config"].get("meta") or {}).get("feature_view") for node in nodes]
    grains = [duration_seconds(one["grain"]) for one in declarations if one and one.get("grain")]
    return timedelta(seconds=max(grains, default=0)) or _DAY


def check_not_in_future(name: str, end: datetime, running: timedelta) -> None:
    """Refuse an interval that ends in the future, as of which every window would be empty.

    Args:
        name: what the end is called.
        end: of the interval (naive UTC).
        running: how far it may lie in the future: the length of what is under way.

    Raises:
        FeatureStoreError: it does.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    if end > now + running:
        raise FeatureStoreError(
            f"{name} {end:%Y-%m-%d %H:%M:%S} (UTC): lies in the future, where windows are empty",
            allowed=f"up to {now + running:%Y-%m-%d %H:%M:%S} (a grain under way may end later)",
            next_step="give an earlier one; if it is right, set this machine's clock",
        )


def last_served(
    connection: duckdb.DuckDBPyConnection, grain: timedelta | None = None
) -> list[tuple[str, datetime]]:
    """Return dbt's id of each snapshot with the time as of which it was taken last.

    Last in the order of the runs, not of a clock that may have been wrong in one of them.

    Args:
        connection: the warehouse.
        grain: leave out runs whose time lay in the future by more than so much when they were
            served: by a wrong clock, or a wrong ``as_of``. None: no run is left out.
    """
    condition = f"where as_of <= served_at + to_seconds({grain.total_seconds()})" if grain else ""
    try:
        return connection.execute(
            "select snapshot_id, arg_max(as_of, rowid) from operations.served_runs "
            f"{condition} group by snapshot_id"
        ).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        return []  # nothing was served yet
