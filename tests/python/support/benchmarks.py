"""Runs of the benchmarks' commands, and queries of what they wrote."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb

from support.paths import BENCHMARKS


def command_of(script: str, *options: str) -> list[str]:
    """Return the command line of a script of ``benchmarks/``."""
    return [sys.executable, str(BENCHMARKS / script), *options]


def run_command(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(command, capture_output=True, text=True, check=False)


def assert_error(command: list[str], *parts: str) -> None:
    """Check that a command ends with one error message, which contains the parts."""
    done = run_command(command)
    assert done.returncode == 1
    for part in parts:
        assert part in done.stderr
    assert "Traceback" not in done.stderr


def rows_of(sql: str, threads: int = 2) -> list[tuple]:
    """Return the rows of a query, in UTC."""
    with duckdb.connect() as connection:
        connection.execute(f"set timezone = 'UTC'; set threads = {threads}")
        return connection.execute(sql).fetchall()


def stop_command(
    command: list[str], scratch: Path, line: str, check: Callable[[], None] = lambda: None
) -> None:
    """Stop a benchmark with SIGTERM; check its exit code, and that its folder is removed.

    Args:
        command: the command line.
        scratch: the folder for its data.
        line: it is stopped after it has printed this text on stderr.
        check: called just before it is stopped.
    """
    with subprocess.Popen(
        [*command, "--scratch", str(scratch)], stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        while line not in running.stderr.readline():
            assert running.poll() is None
        assert scratch.exists()
        check()
        running.send_signal(signal.SIGTERM)
        said = running.stderr.read()
        assert (running.wait(), "stopped" in said) == (143, True), said
    assert not scratch.exists()
