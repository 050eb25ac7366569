"""Load what is new, build, test and export: one run of the pipeline."""

import python_environment  # noqa: F401 - says what to do where a package is missing

# isort: split
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from feature_store.cli import app
from feature_store.cli.arguments import read_interval
from feature_store.dbt.project import DbtBuild, DbtProject
from feature_store.online.connection.open import describe_server
from feature_store.online.export.delta import Delta
from feature_store.online.export.options import ExportedView
from feature_store.pipeline.refresh import Refreshed, Watcher, refresh
from feature_store.raw.load_result import LoadResult
from feature_store.registry.definitions import FeatureView
from feature_store.settings import load_settings


def _is_usual(note: str) -> bool:
    """Return whether a note of the load is one that every run has, and no news."""
    return (
        "skipped: the same" in note
        or "not read: no row in the interval" in note
        or note.startswith("has no event time")
    )


class Terminal(Watcher):
    """Prints a line a step, and shows on a terminal how far the step is."""

    def __init__(self, server: str, *, quiet: bool):
        self._server, self._quiet = server, quiet
        self._to_send = self._sent = 0
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=app.err,
            transient=True,
            disable=quiet or not app.err.is_terminal,
        )
        self._task = self.progress.add_task("load", total=None)

    def message(self, line: str) -> None:
        """Print a line on stderr."""
        if not self._quiet:
            app.err.print(line, markup=False)

    def advanced(self, step: str, done: int, total: int) -> None:
        """Move the bar."""
        self.progress.update(self._task, description=step, completed=done, total=total)

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
        self._step(
            "load",
            seconds,
            f"{counts['loaded']:,} rows loaded, {counts['skipped']:,} unchanged{rejected}",
        )
        for result in results:
            for note in result.notes:
                if not _is_usual(note):
                    self.message(f"       {result.name}: {note}")

    def built(self, build: DbtBuild) -> None:
        """Print what dbt did."""
        as_of = f"{build.as_of:%Y-%m-%d %H:%M} UTC" if build.as_of else "the end of the data"
        warned = f"; warnings: {', '.join(build.warnings)}" if build.warnings else ""
        self._step(
            "dbt", build.times.total, f"{build.nodes} nodes built and tested as of {as_of}{warned}"
        )
        for line in build.said:
            self.message(line)

    def exported(self, views: list[ExportedView], seconds: float) -> None:
        """Print what was exported."""
        rows, deleted = (sum(getattr(view, part) for view in views) for part in ("rows", "deleted"))
        checked = sum(view.checked.checked + view.checked.removed for view in views if view.checked)
        self._step(
            "export",
            seconds,
            f"{rows:,} rows sent, {deleted:,} deleted, {checked:,} checked: {self._server}",
        )

    def ended(self, done: Refreshed) -> None:
        """Print how long the whole took, and which part of it was dbt's start-up."""
        times = done.build.times
        self._step(
            "total",
            done.load_seconds + times.total + done.export_seconds,
            f"of it dbt's start-up {times.start_up:.1f} s (import {times.importing:.1f}, parse "
            f"{times.parsing:.1f}, connect and hooks {times.starting:.1f}), its nodes "
            f"{times.nodes:.1f} s, closing {times.closing:.1f} s",
        )

    def _step(self, name: str, seconds: float, text: str) -> None:
        if not self._quiet:
            app.out.print(f"{name:6} {seconds:6.1f} s  {text}", markup=False)


def main(
    start: Annotated[
        str | None, typer.Option(help="Load rows from this event time on (UTC).")
    ] = None,
    end: Annotated[
        str | None,
        typer.Option(help="Load rows before this event time (UTC), and serve as of it."),
    ] = None,
    wait: Annotated[
        float,
        typer.Option(min=0, help="Seconds to wait for another run, or for readers."),
    ] = 0.0,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print nothing but errors, for cron.")
    ] = False,
    target: Annotated[str | None, typer.Option(help="A target of profiles.yml.")] = None,
) -> None:
    """Load, build, test and export. Without an interval, everything that is not loaded yet.

    With --end the features are served as of then, or, where later ones were served already, as the
    last time. A step that fails is the last one, and the exit code is 1. Running an interval
    again changes nothing.
    """
    interval = read_interval(start, end)
    settings = load_settings(target)
    terminal = Terminal(describe_server(settings), quiet=quiet)
    with terminal.progress:
        done = refresh(
            settings,
            *interval,
            wait=wait,
            project=DbtProject(settings, target),
            watcher=terminal,
        )
    terminal.ended(done)


if __name__ == "__main__":
    app.run(main)
