"""Load what is new, build, test and export: one run of the pipeline."""

from typing import Annotated

import typer

from feature_store.cli import app, options
from feature_store.cli.arguments import read_interval
from feature_store.cli.progress import progress_bar
from feature_store.dbt.project import DbtBuild, DbtProject
from feature_store.online.connection.open import describe_server
from feature_store.online.export.delta import Delta
from feature_store.online.export.options import ExportedView
from feature_store.pipeline.refresh import RefreshProgress, RefreshResult, refresh
from feature_store.raw.load_result import LoadResult
from feature_store.registry.definitions import FeatureView
from feature_store.settings import load_settings


def _is_usual(note: str) -> bool:
    """Return whether a note is one that every run has, and need not be printed."""
    return (
        "skipped: the same" in note
        or "not read: no row in the interval" in note
        or note.startswith("has no event time")
    )


class RefreshTerminal(RefreshProgress):
    """Prints a line for each step, and shows a progress bar on a terminal."""

    def __init__(self, server: str, *, quiet: bool):
        self._server, self._quiet = server, quiet
        self._to_send = self._sent = 0
        self.bar = progress_bar(quiet=quiet)
        self._task = self.bar.add_task("load", total=None)

    def message(self, line: str) -> None:
        """Print a line on stderr."""
        if not self._quiet:
            app.err.print(line, markup=False)

    def advanced(self, step: str, done: int, total: int) -> None:
        """Move the bar."""
        self.bar.update(self._task, description=step, completed=done, total=total)

    def view_started(self, delta: Delta) -> None:
        """Lengthen the bar of the export."""
        self._to_send += delta.rows + delta.removed
        self.advanced("export", self._sent, self._to_send)

    def rows_sent(self, view: FeatureView, rows: int) -> None:
        """Move the bar of the export."""
        self._sent += rows
        self.advanced("export", self._sent, self._to_send)

    def loaded(self, results: list[LoadResult], seconds: float) -> None:
        """Print what was loaded."""
        counts = {
            part: sum(getattr(result, part) for result in results)
            for part in ("loaded", "skipped", "rejected")
        }
        rejected = f", {counts['rejected']:,} rejected" if counts["rejected"] else ""
        self._print_step(
            "load",
            seconds,
            f"{counts['loaded']:,} rows loaded, {counts['skipped']:,} unchanged{rejected}",
        )
        for result in results:
            for note in result.notes:
                if not _is_usual(note):
                    self.message(f"       {result.name}: {note}")

    def built(self, build: DbtBuild) -> None:
        """Print the result of dbt."""
        as_of = f"{build.as_of:%Y-%m-%d %H:%M} UTC" if build.as_of else "the end of the data"
        warned = f"; warnings: {', '.join(build.warnings)}" if build.warnings else ""
        self._print_step(
            "dbt", build.times.total, f"{build.nodes} nodes built and tested as of {as_of}{warned}"
        )
        for line in build.macro_warnings:
            self.message(line)

    def exported(self, views: list[ExportedView], seconds: float) -> None:
        """Print what was exported."""
        rows, deleted = (sum(getattr(view, part) for view in views) for part in ("rows", "deleted"))
        checked = sum(view.checked.checked + view.checked.removed for view in views if view.checked)
        self._print_step(
            "export",
            seconds,
            f"{rows:,} rows sent, {deleted:,} deleted, {checked:,} checked: {self._server}",
        )

    def print_total(self, result: RefreshResult) -> None:
        """Print the duration of the whole run, and of the parts of dbt."""
        times = result.build.times
        self._print_step(
            "total",
            result.load_seconds + times.total + result.export_seconds,
            f"of it dbt's start-up {times.start_up:.1f} s (import {times.importing:.1f}, parse "
            f"{times.parsing:.1f}, connect and hooks {times.starting:.1f}), its nodes "
            f"{times.nodes:.1f} s, closing {times.closing:.1f} s",
        )

    def _print_step(self, name: str, seconds: float, text: str) -> None:
        if not self._quiet:
            app.out.print(f"{name:6} {seconds:6.1f} s  {text}", markup=False)


def run_refresh(
    start: Annotated[
        str | None, typer.Option(help="Load rows from this event time on (UTC).")
    ] = None,
    end: Annotated[
        str | None, typer.Option(help="Load rows before this event time (UTC), and serve as of it.")
    ] = None,
    wait: options.WaitForRuns = 0.0,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print nothing but errors, for cron.")
    ] = False,
    target: options.Target = None,
) -> None:
    """Load, build, test and export. Without an interval, everything that is not loaded yet.

    With --end the features are served as of then, or as the last time where later ones were served
    already. The run stops at the first step that fails, with exit code 1. Running an interval again
    changes nothing.
    """
    interval = read_interval(start, end)
    settings = load_settings(target)
    terminal = RefreshTerminal(describe_server(settings), quiet=quiet)
    with terminal.bar:
        result = refresh(
            settings, *interval, wait=wait, project=DbtProject(settings, target), progress=terminal
        )
    terminal.print_total(result)
