"""Measure the online store: this project's export and reads against Feast's, and Redis's limit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from bench.prepare import (
    FEAST_PYTHON,
    REPOSITORY,
    check_environment,
    clean_environment,
    scratch_folder,
)
from feature_store import FeatureStoreError
from feature_store.cli import app as command_line
from online_stores.outcome import Outcome
from online_stores.plan import FULL, SMALL, Bench, Part
from online_stores.redis_source import find_benchmark
from online_stores.report import tables, write_page

REPEATS = 5


def use_server(path: Path | None) -> None:
    """Let all contenders write to a server program, if there is such a file."""
    if path and path.exists():
        os.environ["BENCH_REDIS_SERVER"] = str(path.absolute())


def compare_online_stores(
    small: Annotated[
        bool, typer.Option(help="A few rows, one run: does it work? No page is written.")
    ] = False,
    feast: Annotated[bool, typer.Option(help="Run Feast too, or this project alone.")] = True,
    feast_python: Annotated[
        Path, typer.Option(help="Interpreter of Feast's environment.")
    ] = FEAST_PYTHON,
    redis_benchmark: Annotated[
        bool, typer.Option(help="Run redis-benchmark, which is built where it is not on PATH.")
    ] = True,
    redis_server: Annotated[
        Path | None,
        typer.Option(
            help="The server that all write to; by default the one beside redis-benchmark, or else "
            "the one that is embedded."
        ),
    ] = None,
    part: Annotated[
        list[Part] | None,
        typer.Option(help="Measure this part only; no page is written. Repeatable."),
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Runs of each.")] = REPEATS,
    scratch: Annotated[
        Path, typer.Option(help="Folder for the data, about 5 GB; emptied, and removed at the end.")
    ] = REPOSITORY / "target/bench",
    keep: Annotated[bool, typer.Option(help="Leave that folder.")] = False,
    page: Annotated[Path, typer.Option(help="The page to write.")] = REPOSITORY
    / "docs/benchmarks/online_store.md",
) -> None:
    """Measure full exports, exports of what changed, reads and memory, in processes of their own.

    Exit code 1 if values differ or a target is missed.
    """
    interpreter = check_environment(feast_python if feast else None, "Feast", "--no-feast")
    is_whole = feast and redis_benchmark and not small and not part

    def save(outcome: Outcome) -> None:
        if is_whole:
            write_page(page, outcome)

    with scratch_folder(scratch, keep) as folder, command_line.err.status("starting") as status:

        def tell(line: str) -> None:
            # The line stays; the status under it shows that something is being done.
            command_line.err.print(line, markup=False)
            status.update("running")

        environment = clean_environment(folder)
        program = None
        if redis_benchmark:
            kept = REPOSITORY / "target/redis-benchmark"
            program = find_benchmark(kept, environment, tell, build=not small)
        use_server(redis_server or (program and program.with_name("redis-server")))
        bench = Bench(
            plan=SMALL if small else FULL,
            scratch=folder,
            environment=environment,
            feast_python=interpreter,
            redis_benchmark=program,
            repeats=1 if small else repeats,
            tell=tell,
            # It takes long: what is there is there.
            save=save,
        )
        outcome = bench.run(part or [*Part])
    # With few rows it is start-up that is measured.
    for table in tables(outcome, targets=not small):
        command_line.out.print(table, soft_wrap=False)
    for line in outcome.answers:
        command_line.out.print(str(line), markup=False)
    if is_whole:
        command_line.err.print(f"written: {page}")
    if not outcome.same:
        raise FeatureStoreError("what was read is not what was written: see above")
    if not small and not outcome.good:
        raise FeatureStoreError("a target is missed: see above")


if __name__ == "__main__":
    command_line.run(compare_online_stores)
