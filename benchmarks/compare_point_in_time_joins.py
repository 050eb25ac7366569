"""Measure point-in-time joins: this project's against Feast's, on the same generated data."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from bench.prepare import (
    BENCHMARKS,
    FEAST_PYTHON,
    REPOSITORY,
    check_environment,
    clean_environment,
    scratch_folder,
)
from feature_store import FeatureStoreError
from feature_store.cli import app as command_line
from joins.data import write_features, write_spine
from joins.prepare import build_dbt_project, build_feast_repository
from joins.report import FEAST, OURS, Outcome, compared_lines, tables, write_page
from joins.runs import REPEATS, Case, Contender, result_path, run_case, spine_path
from joins.values import compare, spine_facts

SMALL = [Case(10_000, 2_000), Case(10_000, 2_000, 28)]
FULL = [
    Case(1_000_000, 50_000),
    Case(1_000_000, 1_000_000),
    Case(10_000_000, 50_000),
    Case(10_000_000, 1_000_000),
    Case(10_000_000, 50_000, 28),
    Case(10_000_000, 1_000_000, 28),
]


def prepare(
    cases: list[Case],
    scratch: Path,
    feast_python: Path | None,
    environment: dict[str, str],
    tell: Callable[[str], None],
) -> list[Contender]:
    """Write the data of all cases and return the contenders, with their projects."""
    dbt_projects: dict[int, Path] = {}
    feast_repositories: dict[int, Path] = {}
    most = max(case.feature_rows for case in cases)
    for rows in sorted({case.feature_rows for case in cases}):
        folder = scratch / str(rows)
        folder.mkdir()
        tell(f"generating {rows:,} feature rows")
        write_features(folder / "features.parquet", rows)
        for case in cases:
            if case.feature_rows == rows and not spine_path(scratch, case).exists():
                tell(f"generating {case.spine_rows:,} labels for them")
                write_spine(spine_path(scratch, case), case.spine_rows, rows)
        tell("building them with dbt")
        dbt_projects[rows] = build_dbt_project(folder, environment)
        # Ours alone runs on fewer rows too: to show how its time grows.
        if feast_python and rows == most:
            tell("registering them with Feast")
            feast_repositories[rows] = build_feast_repository(folder, feast_python, environment)
    ours = (sys.executable, str(BENCHMARKS / "join_with_feature_store.py"))
    found = [Contender(OURS, ours, dbt_projects, environment)]
    if feast_python:
        feast = (str(feast_python), str(BENCHMARKS / "join_with_feast.py"))
        found.append(Contender(FEAST, feast, feast_repositories, environment))
    return found


def run_cases(
    cases: list[Case],
    contenders: list[Contender],
    scratch: Path,
    repeats: int,
    tell: Callable[[str], None],
) -> Outcome:
    """Run every case, and compare the values where two contenders ran it."""
    outcome = Outcome()
    for number, case in enumerate(cases, 1):
        tell(f"case {number} of {len(cases)}: {case}")
        measured = run_case(case, contenders, scratch, repeats, tell)
        outcome.measured[case] = measured
        results = [result_path(scratch, one.contender, case) for one in measured]
        if len(results) == 2:
            spine = spine_path(scratch, case)
            outcome.compared[case] = compare(*results, spine)
            outcome.spines[case] = spine_facts(spine, spine.with_name("features.parquet"))
    return outcome


def compare_point_in_time_joins(
    small: Annotated[
        bool, typer.Option(help="A few rows, one run: does it work? No page is written.")
    ] = False,
    feast: Annotated[bool, typer.Option(help="Run Feast too, or this project alone.")] = True,
    feast_python: Annotated[
        Path, typer.Option(help="Interpreter of Feast's environment.")
    ] = FEAST_PYTHON,
    repeats: Annotated[int, typer.Option(min=1, help="Runs of each.")] = REPEATS,
    scratch: Annotated[
        Path, typer.Option(help="Folder for the data, about 2 GB; emptied, and removed at the end.")
    ] = REPOSITORY / "target/bench",
    keep: Annotated[bool, typer.Option(help="Leave that folder.")] = False,
    page: Annotated[Path, typer.Option(help="The page to write.")] = REPOSITORY
    / "docs/benchmarks/point_in_time_joins.md",
) -> None:
    """Measure this project's point-in-time join and Feast's, each run in a process of its own.

    Exit code 1 if values differ or a target is missed.
    """
    interpreter = check_environment(feast_python if feast else None, "Feast", "--no-feast")
    cases = SMALL if small else FULL
    with scratch_folder(scratch, keep) as folder, command_line.err.status("starting") as status:

        def tell(line: str) -> None:
            # The line stays; the status under it shows that something is being done.
            command_line.err.print(line)
            status.update("running")

        environment = clean_environment(folder)
        contenders = prepare(cases, folder, interpreter, environment, tell)
        outcome = run_cases(cases, contenders, folder, 1 if small else repeats, tell)
    for table in tables(outcome):
        command_line.out.print(table, soft_wrap=False)
    for line in compared_lines(outcome):
        command_line.out.print(line, markup=False)
    if feast and not small:
        write_page(page, outcome)
        command_line.err.print(f"written: {page}")
    if not small and not outcome.good:
        raise FeatureStoreError("a target is missed, or values differ: see above")


if __name__ == "__main__":
    command_line.run(compare_point_in_time_joins)
