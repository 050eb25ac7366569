"""Command that measures point-in-time joins: this project's against Feast's, on the same data."""

from __future__ import annotations

from feature_store.cli.app import run
from harness.command import (
    FEAST_PYTHON,
    PAGES,
    REPEATS,
    SCRATCH,
    Feast,
    FeastPython,
    Keep,
    Page,
    Repeats,
    Scratch,
    Small,
    interpreter,
    run_benchmark,
)
from joins.benchmark import JoinsBenchmark
from joins.cases import FULL, SMALL


def compare_point_in_time_joins(
    small: Small = False,
    feast: Feast = True,
    feast_python: FeastPython = FEAST_PYTHON,
    repeats: Repeats = REPEATS,
    scratch: Scratch = SCRATCH,
    keep: Keep = False,
    page: Page = PAGES / "point_in_time_joins.md",
) -> None:
    """Measure this project's point-in-time join and Feast's, each run in a process of its own.

    The exit code is 1 if values differ or a target is missed.
    """
    python = interpreter(feast_python, "Feast", "--no-feast") if feast else None
    run_benchmark(
        lambda session: JoinsBenchmark(session, python).run(SMALL if small else FULL),
        small=small,
        page=page if feast else None,
        repeats=repeats,
        scratch=scratch,
        keep=keep,
    )


if __name__ == "__main__":
    run(compare_point_in_time_joins)
