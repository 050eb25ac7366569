"""Command that measures builds of a feature table: full and incremental, and by data frames."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from feature_builds.benchmark import BuildsBenchmark
from feature_builds.cases import FULL, SMALL, Part
from feature_builds.report import bytes_of
from feature_store.cli.app import run
from harness import command


def compare_feature_builds(
    small: command.Small = False,
    data_frames: Annotated[
        bool, typer.Option(help="Run Polars and pandas too, or this project alone.")
    ] = True,
    bench_python: Annotated[
        Path, typer.Option(help="Interpreter of the environment that has Polars and pandas.")
    ] = command.BENCH_PYTHON,
    part: Annotated[
        list[Part] | None,
        typer.Option(
            help="Measure this part only; no page is written. Repeatable. By default all but "
            "growth, which takes a quarter of an hour and 15 GB of disk."
        ),
    ] = None,
    scale: Annotated[
        bool, typer.Option("--scale", help="Measure growth too, from 1 to 100 million events.")
    ] = False,
    memory_limit: Annotated[str, typer.Option(help="Memory that DuckDB may take.")] = "2GB",
    repeats: command.Repeats = command.REPEATS,
    scratch: command.Scratch = command.SCRATCH,
    keep: command.Keep = False,
    page: command.Page = command.PAGES / "feature_builds.md",
) -> None:
    """Measure full builds of a feature table, and incremental runs after a day and late rows.

    The exit code is 1 if values differ or a target is missed.
    """
    bytes_of(memory_limit)  # an invalid limit is an error before anything is done
    python = None
    if data_frames:
        python = command.interpreter(bench_python, "Polars and pandas", "--no-data-frames")
    parts = part or [Part.BUILDS, Part.DAYS, *([Part.GROWTH] if scale or small else [])]
    command.run_benchmark(
        lambda session: BuildsBenchmark(session, python, memory_limit).run(
            parts, SMALL if small else FULL
        ),
        small=small,
        page=page if data_frames and not part else None,
        repeats=repeats,
        scratch=scratch,
        keep=keep,
    )


if __name__ == "__main__":
    run(compare_feature_builds)
