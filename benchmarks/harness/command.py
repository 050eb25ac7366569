"""The command line that all benchmarks share: their options, progress, report and exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from feature_store import FeatureStoreError
from feature_store.cli.app import err, out
from harness.processes import REPOSITORY, clean_environment, scratch_folder
from harness.report import Outcome, write_page

Small = Annotated[
    bool, typer.Option(help="A few rows and one run, to see that it works. No page is written.")
]
Feast = Annotated[bool, typer.Option(help="Run Feast too, or this project alone.")]
FeastPython = Annotated[Path, typer.Option(help="Interpreter of Feast's environment.")]
Repeats = Annotated[int, typer.Option(min=1, help="Runs of each contender.")]
Scratch = Annotated[
    Path, typer.Option(help="Folder for the data, up to 9 GB; emptied, and removed at the end.")
]
Keep = Annotated[bool, typer.Option(help="Leave that folder.")]
Page = Annotated[Path, typer.Option(help="The page to write.")]

REPEATS = 5
SCRATCH = REPOSITORY / "target/bench"
PAGES = REPOSITORY / "docs/benchmarks"
#: Interpreters of the environments that ``make bench`` creates.
FEAST_PYTHON = REPOSITORY / ".venv-feast/bin/python"
BENCH_PYTHON = REPOSITORY / ".venv-bench/bin/python"


@dataclass(frozen=True)
class Session:
    """The conditions under which a benchmark runs.

    Attributes:
        scratch: the folder for the data.
        environment: the environment of all processes.
        repeats: counted runs of each contender.
        tell: takes one line about each step.
        save: takes the results so far, after each step: a benchmark runs for long.
    """

    scratch: Path
    environment: dict[str, str]
    repeats: int
    tell: Callable[[str], None]
    save: Callable[[Outcome], None]


def interpreter(python: Path, contender: str, option: str) -> Path:
    """Return the absolute path of a contender's interpreter.

    Args:
        python: the interpreter.
        contender: whose it is, for the error.
        option: the option that leaves the contender out.

    Raises:
        FeatureStoreError: there is no such interpreter.
    """
    if python.exists():
        return python.absolute()
    raise FeatureStoreError(
        f"{python.absolute()}: there is no environment of {contender} yet",
        allowed=f"{option}, to measure this project alone",
        next_step="make bench, which creates it",
    )


def run_benchmark(
    measure: Callable[[Session], Outcome],
    *,
    small: bool,
    page: Path | None,
    repeats: int,
    scratch: Path,
    keep: bool,
) -> None:
    """Run a benchmark in its scratch folder, print its report and write its page.

    Args:
        measure: runs the benchmark.
        small: whether it is a trial with few rows: one run, without targets.
        page: the page to write; None for an incomplete benchmark.
        repeats: counted runs of each contender.
        scratch: the folder for the data.
        keep: whether to leave that folder.

    Raises:
        FeatureStoreError: values differ, or a target is missed.
    """
    page = None if small else page

    def save(outcome: Outcome) -> None:
        if page:
            write_page(page, outcome)

    with scratch_folder(scratch, keep) as folder, err.status("starting") as status:

        def tell(line: str) -> None:
            # The line stays; the status below it shows that the benchmark is still running.
            err.print(line, markup=False)
            status.update("running")

        environment = clean_environment(folder)
        outcome = measure(Session(folder, environment, 1 if small else repeats, tell, save))
    # With few rows most of the time is start-up, so targets say nothing.
    for table in outcome.report_tables(targets=not small):
        out.print(table.for_terminal(), soft_wrap=False)
    for line in outcome.value_lines():
        out.print(line, markup=False)
    if page:
        write_page(page, outcome)
        err.print(f"written: {page}")
    if not outcome.same:
        raise FeatureStoreError(
            "the contenders' values differ: see above",
            next_step="run again with --keep, and compare",
        )
    if not small and not outcome.good:
        raise FeatureStoreError("a target is missed: see above")
