"""One run of the pipeline: load new raw data, build with dbt, export to the online store."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from feature_store.dbt.project import DbtBuild, DbtProject
from feature_store.online.connection.open import check_address
from feature_store.online.export.options import ExportedView, ExportOptions, ExportProgress
from feature_store.online.export.run import export_features
from feature_store.pipeline.run_lock import RunLock
from feature_store.pipeline.time_of_run import time_of_run
from feature_store.raw.load import load
from feature_store.raw.load_request import LoadRequest
from feature_store.raw.load_result import LoadResult
from feature_store.raw.report import failure, warnings
from feature_store.raw.sources import NoDeclarationsError
from feature_store.settings import Settings
from feature_store.warehouse.connection import waiting


@dataclass(frozen=True)
class RefreshResult:
    """The results of a refresh."""

    loaded: list[LoadResult]
    build: DbtBuild
    exported: list[ExportedView]
    load_seconds: float
    export_seconds: float


class RefreshProgress(ExportProgress):
    """Callbacks of a refresh, which do nothing here."""

    def advanced(self, step: str, done: int, total: int) -> None:
        """So many files (``load``) or nodes (``dbt``) of a step are done."""

    def loaded(self, results: list[LoadResult], seconds: float) -> None:
        """The load has succeeded."""

    def built(self, build: DbtBuild) -> None:
        """The dbt build has succeeded."""

    def exported(self, views: list[ExportedView], seconds: float) -> None:
        """The export has succeeded."""


def refresh(
    settings: Settings,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    wait: float = 0.0,
    project: DbtProject | None = None,
    progress: RefreshProgress | None = None,
) -> RefreshResult:
    """Load what is new, build and test, and export what changed; stop at the first step that fails.

    Args:
        settings: the project, its warehouse and its online store.
        start: load rows from this event time on (naive UTC); None: no lower bound.
        end: load rows before this event time (naive UTC); None: no upper bound.
        wait: seconds to wait for another run on this warehouse, and, each time that it is opened,
            for other processes that have it open (5 s at least).
        project: the dbt project, where it is parsed already.
        progress: callbacks.

    Raises:
        FeatureStoreError: a table could not be loaded, a node failed, the export was refused, or
            another run is at work.
    """
    progress = progress or RefreshProgress()
    check_address(settings)  # an address that cannot be read is an error before any work
    run = "refresh"
    run += f" from {start:%Y-%m-%d %H:%M}" if start else ""
    run += f" to {end:%Y-%m-%d %H:%M}" if end else ""
    with (
        waiting(wait, progress.message),
        RunLock(settings.warehouse_path, run, wait=wait, say=progress.message),
    ):
        began = time.perf_counter()
        loaded = load_step(settings, LoadRequest(start=start, end=end), progress)
        load_seconds = time.perf_counter() - began
        progress.loaded(loaded, load_seconds)

        project = project or DbtProject(settings)
        project.parse()
        as_of = time_of_run(settings, end)
        build = project.build(as_of, lambda done, total: progress.advanced("dbt", done, total))
        progress.built(build)

        began = time.perf_counter()
        exported = export_features(settings, ExportOptions(), progress)
        export_seconds = time.perf_counter() - began
        progress.exported(exported, export_seconds)
    return RefreshResult(loaded, build, exported, load_seconds, export_seconds)


def load_step(
    settings: Settings, request: LoadRequest, progress: RefreshProgress
) -> list[LoadResult]:
    """Load the tables; a table that cannot be loaded is an error after all were tried.

    In a project whose warehouse is filled by others there is nothing to load, which is no error.
    """
    files = done = 0

    def begin(number: int) -> None:
        nonlocal files
        files = number

    def file_done(*_: object) -> None:
        nonlocal done
        done += 1
        progress.advanced("load", done, files)

    try:
        results = load(settings, request, file_done, begin)
    except NoDeclarationsError:
        progress.message("load skipped: no source declares config.meta.load, so there are no files")
        return []
    for line in warnings(results):
        progress.message(line)
    if error := failure(results):
        raise error
    return results
