"""Run a stretch of time interval by interval, and show how served values differ from today's."""

import python_environment  # noqa: F401 - says what to do where a package is missing

# isort: split
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from feature_store.cli import app
from feature_store.cli.arguments import read_interval
from feature_store.display import print_table
from feature_store.pipeline.replay import Asked, Replayed, ReplayWatcher, replay
from feature_store.pipeline.replay_warehouse import Interval
from feature_store.pipeline.served_report import REASONS, ServedReport, served_report
from feature_store.registry.definitions import duration_seconds
from feature_store.settings import find_project_dir

#: The reasons, short enough for a narrow terminal.
_HEADS = ("late", "redefined", "other")
_DEFAULT = Path("target/replay/feature_store.duckdb")


class Terminal(ReplayWatcher):
    """Prints a line an interval; on a terminal a bar of all intervals stands below."""

    def __init__(self) -> None:
        self.done: list[Replayed] = []
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("remaining"),
            TimeRemainingColumn(elapsed_when_finished=False),
            console=app.err,
            transient=True,
            disable=not app.err.is_terminal,
        )
        self._task = self.progress.add_task("replay", total=None)
        self._name = ""

    def message(self, line: str) -> None:
        """Print a line on stderr."""
        app.err.print(line, markup=False)

    def planned(self, intervals: list[Interval], left: list[Interval]) -> None:
        """Say what an earlier replay did, and set up the bar."""
        if len(left) < len(intervals):
            done = len(intervals) - len(left)
            self.message(f"{done} of {len(intervals)} intervals are done already")
        self.progress.update(self._task, total=len(left))

    def began_interval(self, interval: Interval) -> None:
        """Name the interval at the bar."""
        self._name = f"{interval.start:%Y-%m-%d %H:%M}"
        self.progress.update(self._task, description=self._name)

    def advanced(self, step: str, done: int, total: int) -> None:
        """Name the step at the bar."""
        self.progress.update(self._task, description=f"{self._name} {step} {done}/{total}")

    def ended_interval(self, replayed: Replayed) -> None:
        """Print what the interval took, and move the bar."""
        self.done.append(replayed)
        export = f", export {replayed.export:.1f}" if replayed.export >= 0.05 else ""
        self.message(
            f"{replayed.interval}  {replayed.total:.1f} s: load {replayed.load:.1f}, dbt "
            f"{replayed.build:.1f} (start-up {replayed.start_up:.1f}){export}"
        )
        self.progress.advance(self._task)


def show_report(reports: list[ServedReport]) -> None:
    """Print how served and recomputed values differ."""
    header = ["feature view", "runs", "pairs", "differ", *_HEADS]
    rows = []
    for report in reports:
        differing = sum(report.differing.values())
        share = f" ({differing / report.compared:.2%})" if differing else ""
        counts = (f"{report.differing[reason]:,}" for reason in REASONS)
        pairs = [f"{report.runs:,}", f"{report.compared:,}", f"{differing:,}{share}"]
        rows.append([report.view.label, *pairs, *counts])
    title = "Served, compared with what is recomputed today"
    print_table(app.out, title, header, rows, right=header[1:])


def main(
    start: Annotated[str, typer.Option(help="Begin of the first interval (UTC).")],
    end: Annotated[str, typer.Option(help="End of the last interval (UTC).")],
    every: Annotated[str, typer.Option(help="Length of an interval: 1d, 6h, 1w.")] = "1d",
    warehouse: Annotated[
        Path | None, typer.Option(help=f"DuckDB file of the replay, by default {_DEFAULT}.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew, whatever an earlier replay did.")
    ] = False,
    export: Annotated[bool, typer.Option("--export", help="Export after each interval.")] = False,
    wait: Annotated[
        float,
        typer.Option(min=0, help="Seconds to wait for another run, or for readers."),
    ] = 0.0,
    target: Annotated[str | None, typer.Option(help="A target of profiles.yml.")] = None,
) -> None:
    """Load and build interval by interval, each as of its end, in a warehouse of its own.

    At the end it shows for how many entities and runs the served values differ from what the
    feature tables give today. A replay that was stopped goes on where it was.
    """
    first, last = read_interval(start, end)
    asked = Asked(first, last, duration_seconds(every), fresh, export, wait)
    path = Path(warehouse).absolute() if warehouse else find_project_dir() / _DEFAULT
    terminal = Terminal()
    with terminal.progress:
        own = replay(target, path.resolve(), asked, terminal)
    if terminal.done:
        each = sum(replayed.total for replayed in terminal.done) / len(terminal.done)
        app.out.print(f"{len(terminal.done)} intervals, {each:.1f} s each: {path}", markup=False)
    if reports := served_report(own.settings):
        show_report(reports)


if __name__ == "__main__":
    app.run(main)
