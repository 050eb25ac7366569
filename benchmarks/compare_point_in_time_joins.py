"""Command that measures point-in-time joins: this project's against Feast's, on the same data."""

from __future__ import annotations

from feature_store.cli.app import run
from harness import command
from joins.benchmark import JoinsBenchmark
from joins.cases import FULL, SMALL


def compare_point_in_time_joins(
    small: command.Small = False,
    feast: command.Feast = True,
    feast_python: command.FeastPython = command.FEAST_PYTHON,
    repeats: command.Repeats = command.REPEATS,
    scratch: command.Scratch = command.SCRATCH,
    keep: command.Keep = False,
    page: command.Page = command.PAGES / "point_in_time_joins.md",
) -> None:
    """Measure this project's point-in-time join and Feast's, each run in a process of its own.

    The exit code is 1 if values differ or a target is missed.
    """
    python = command.interpreter(feast_python, "Feast", "--no-feast") if feast else None
    command.run_benchmark(
        lambda session: JoinsBenchmark(session, python).run(SMALL if small else FULL),
        small=small,
        page=page if feast else None,
        repeats=repeats,
        scratch=scratch,
        keep=keep,
    )


if __name__ == "__main__":
    run(compare_point_in_time_joins)
