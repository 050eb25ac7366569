"""Replay a range of time interval by interval; show how served values differ from today's."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TextColumn, TimeRemainingColumn

from feature_store.cli import app, options
from feature_store.cli.arguments import read_interval
from feature_store.cli.progress import progress_bar
from feature_store.display import print_table
from feature_store.pipeline.replay import IntervalResult, ReplayProgress, ReplayRequest, replay
from feature_store.pipeline.replay_warehouse import Interval
from feature_store.pipeline.served_report import REASONS, ServedReport, served_report
from feature_store.registry.definitions import duration_seconds
from feature_store.settings import find_project_dir

#: The reasons, short enough for a narrow terminal.
_HEADS = ("late", "redefined", "other")
_DEFAULT = Path("target/replay/feature_store.duckdb")


class ReplayTerminal(ReplayProgress):
    """Prints a line for each interval, and shows a progress bar of all on a terminal."""

    def __init__(self) -> None:
        self.results: list[IntervalResult] = []
        self.bar = progress_bar(TextColumn("remaining"), TimeRemainingColumn())
        self._task = self.bar.add_task("replay", total=None)
        self._name = ""

    def message(self, line: str) -> None:
        """Print a line on stderr."""
        app.err.print(line, markup=False)

    def planned(self, intervals: list[Interval], pending: list[Interval]) -> None:
        """Print how many intervals are done already, and set up the bar."""
        if done := len(intervals) - len(pending):
            self.message(f"{done} of {len(intervals)} intervals are done already")
        self.bar.update(self._task, total=len(pending))

    def interval_started(self, interval: Interval) -> None:
        """Show the interval beside the bar."""
        self._name = f"{interval.start:%Y-%m-%d %H:%M}"
        self.bar.update(self._task, description=self._name)

    def advanced(self, step: str, done: int, total: int) -> None:
        """Show the step beside the bar."""
        self.bar.update(self._task, description=f"{self._name} {step} {done}/{total}")

    def interval_finished(self, result: IntervalResult) -> None:
        """Print the durations of the interval, and move the bar."""
        self.results.append(result)
        export = f", export {result.export:.1f}" if result.export >= 0.05 else ""
        self.message(
            f"{result.interval}  {result.total:.1f} s: load {result.load:.1f}, dbt "
            f"{result.build:.1f} (start-up {result.start_up:.1f}){export}"
        )
        self.bar.advance(self._task)


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


def run_replay(
    start: Annotated[str, typer.Option(help="Start of the first interval (UTC).")],
    end: Annotated[str, typer.Option(help="End of the last interval (UTC).")],
    every: Annotated[str, typer.Option(help="Length of an interval: 1d, 6h, 1w.")] = "1d",
    warehouse: Annotated[
        Path | None, typer.Option(help=f"DuckDB file of the replay, by default {_DEFAULT}.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start from an empty warehouse.")] = False,
    export: Annotated[bool, typer.Option("--export", help="Export after each interval.")] = False,
    wait: options.WaitForRuns = 0.0,
    target: options.Target = None,
) -> None:
    """Load and build interval by interval, each as of its end, in a warehouse of its own.

    At the end it shows for how many entities and runs the served values differ from what the
    feature tables give today. A replay that was stopped continues where it was.
    """
    first, last = read_interval(start, end)
    request = ReplayRequest(first, last, duration_seconds(every), fresh, export, wait)
    path = Path(warehouse).absolute() if warehouse else find_project_dir() / _DEFAULT
    terminal = ReplayTerminal()
    with terminal.bar:
        own = replay(target, path.resolve(), request, terminal)
    if results := terminal.results:
        each = sum(result.total for result in results) / len(results)
        app.out.print(f"{len(results)} intervals, {each:.1f} s each: {path}", markup=False)
    if reports := served_report(own.settings):
        show_report(reports)
