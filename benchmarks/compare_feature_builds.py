"""Measure builds of a feature table: this project's against Polars' and pandas', and a day's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.prepare import (
    BENCH_PYTHON,
    REPOSITORY,
    check_environment,
    clean_environment,
    scratch_folder,
)
from feature_builds.outcome import Outcome, bytes_of
from feature_builds.plan import FULL, SMALL, Bench, Part
from feature_builds.report import tables, value_lines, write_page
from feature_store import FeatureStoreError
from feature_store.cli import app as command_line

REPEATS = 5


def compare_feature_builds(
    small: Annotated[
        bool, typer.Option(help="A few rows, one run: does it work? No page is written.")
    ] = False,
    data_frames: Annotated[
        bool, typer.Option(help="Run Polars and pandas too, or this project alone.")
    ] = True,
    bench_python: Annotated[
        Path, typer.Option(help="Interpreter of the environment that has Polars and pandas.")
    ] = BENCH_PYTHON,
    part: Annotated[
        list[Part] | None,
        typer.Option(
            help="Measure this part only; no page is written. Repeatable. By default all but "
            "growth, which takes a quarter of an hour and 15 GB of disk."
        ),
    ] = None,
    scale: Annotated[
        bool, typer.Option("--scale", help="Growth too, from 1 to 100 million events.")
    ] = False,
    memory_limit: Annotated[str, typer.Option(help="What DuckDB may take.")] = "2GB",
    repeats: Annotated[int, typer.Option(min=1, help="Runs of each.")] = REPEATS,
    scratch: Annotated[
        Path, typer.Option(help="Folder for the data, about 9 GB; emptied, and removed at the end.")
    ] = REPOSITORY / "target/bench",
    keep: Annotated[bool, typer.Option(help="Leave that folder.")] = False,
    page: Annotated[Path, typer.Option(help="The page to write.")] = REPOSITORY
    / "docs/benchmarks/feature_builds.md",
) -> None:
    """Measure full builds of a feature table, and what a day more, nothing and late rows cost.

    Exit code 1 if values differ or a target is missed.
    """
    interpreter = check_environment(
        bench_python if data_frames else None, "Polars and pandas", "--no-data-frames"
    )
    bytes_of(memory_limit)  # what it is compared with in the end
    is_whole = data_frames and not small and not part
    parts = part or [Part.BUILDS, Part.DAYS, *([Part.GROWTH] if scale or small else [])]

    def save(outcome: Outcome) -> None:
        if is_whole:
            write_page(page, outcome)

    with scratch_folder(scratch, keep) as folder, command_line.err.status("starting") as status:

        def tell(line: str) -> None:
            # The line stays; the status under it shows that something is being done.
            command_line.err.print(line, markup=False)
            status.update("running")

        bench = Bench(
            plan=SMALL if small else FULL,
            scratch=folder,
            environment=clean_environment(folder),
            python=interpreter,
            memory_limit=memory_limit,
            repeats=1 if small else repeats,
            tell=tell,
            # It takes long: what is there is there.
            save=save,
        )
        outcome = bench.run(parts)
    # With few rows it is start-up that is measured.
    for table in tables(outcome, targets=not small):
        command_line.out.print(table, soft_wrap=False)
    for line in value_lines(outcome):
        command_line.out.print(line, markup=False)
    if is_whole:
        command_line.err.print(f"written: {page}")
    if not outcome.same:
        raise FeatureStoreError("the contenders built different tables: see above")
    if not small and not outcome.good:
        raise FeatureStoreError("a target is missed: see above")


if __name__ == "__main__":
    command_line.run(compare_feature_builds)
