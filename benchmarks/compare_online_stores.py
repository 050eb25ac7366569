"""Command that measures the online store: exports and reads, against Feast and Redis's limit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from feature_store.cli.app import run
from harness import command
from harness.processes import REPOSITORY
from online_stores.benchmark import OnlineBenchmark
from online_stores.cases import FULL, SMALL, Part
from online_stores.redis_source import find_benchmark
from online_stores.report import OnlineOutcome


def compare_online_stores(
    small: command.Small = False,
    feast: command.Feast = True,
    feast_python: command.FeastPython = command.FEAST_PYTHON,
    redis_benchmark: Annotated[
        bool, typer.Option(help="Run redis-benchmark, which is built where it is not on PATH.")
    ] = True,
    redis_server: Annotated[
        Path | None,
        typer.Option(
            help="The server that all write to; by default the one beside redis-benchmark, or else "
            "the embedded one."
        ),
    ] = None,
    part: Annotated[
        list[Part] | None,
        typer.Option(help="Measure this part only; no page is written. Repeatable."),
    ] = None,
    repeats: command.Repeats = command.REPEATS,
    scratch: command.Scratch = command.SCRATCH,
    keep: command.Keep = False,
    page: command.Page = command.PAGES / "online_store.md",
) -> None:
    """Measure full exports, exports of what changed, reads and memory, in processes of their own.

    The exit code is 1 if values differ or a target is missed.
    """
    python = command.interpreter(feast_python, "Feast", "--no-feast") if feast else None

    def measure(session: command.Session) -> OnlineOutcome:
        program = None
        if redis_benchmark:
            kept = REPOSITORY / "target/redis-benchmark"
            program = find_benchmark(kept, session.environment, session.tell, build=not small)
        server = redis_server or (program and program.with_name("redis-server"))
        if server and server.exists():
            os.environ["BENCH_REDIS_SERVER"] = str(server.absolute())
        plan = SMALL if small else FULL
        return OnlineBenchmark(session, plan, python, program).run(part or [*Part])

    command.run_benchmark(
        measure,
        small=small,
        page=page if feast and redis_benchmark and not part else None,
        repeats=repeats,
        scratch=scratch,
        keep=keep,
    )


if __name__ == "__main__":
    run(compare_online_stores)
