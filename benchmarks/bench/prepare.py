"""Processes and folders: what is made before anything is measured, and removed at the end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from feature_store import FeatureStoreError

BENCHMARKS = Path(__file__).resolve().parents[1]
REPOSITORY = BENCHMARKS.parent
#: Interpreter of Feast's environment, which ``make bench`` makes.
FEAST_PYTHON = REPOSITORY / ".venv-feast/bin/python"

#: Interpreter of the environment with Polars and pandas, which ``make bench`` makes too.
BENCH_PYTHON = REPOSITORY / ".venv-bench/bin/python"


def clean_environment(scratch: Path) -> dict[str, str]:
    """Return the environment of all processes: nothing of the user's project, no calls home."""
    own = ("DBT_", "FEATURE_STORE_", "REDIS_", "FEAST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return kept | {
        "DO_NOT_TRACK": "1",
        "FEAST_USAGE": "False",
        "PYTHONWARNINGS": "ignore",
        "TMPDIR": str(scratch),
        "TZ": "UTC",
    }


@contextmanager
def scratch_folder(folder: Path, keep: bool) -> Iterator[Path]:
    """Make an empty folder, and remove it at the end, however that comes."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder.resolve()
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def check_environment(python: Path | None, whose: str, without: str) -> Path | None:
    """Return the absolute path of a contender's interpreter; None, for a run without it, stays so.

    Args:
        python: the interpreter.
        whose: the contender, for the error.
        without: the option that leaves it out.

    Raises:
        FeatureStoreError: there is no such interpreter.
    """
    if python is None or python.exists():
        return python and python.absolute()
    raise FeatureStoreError(
        f"{python.absolute()}: there is no environment of {whose} yet",
        allowed=f"{without}, to measure this project alone",
        next_step="make bench, which makes it",
    )


def run_tool(command: Sequence[str], folder: Path, environment: dict[str, str]) -> str:
    """Run a command to its end and return what it printed on stdout.

    Raises:
        FeatureStoreError: it failed; with the last lines that it printed.
    """
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        killed = f"ended by signal {-done.returncode}" if done.returncode < 0 else "failed"
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise FeatureStoreError(f"{' '.join(command[:3])} {killed}:\n{last}")
    return done.stdout


def run_measured(
    command: Sequence[str], folder: Path, environment: dict[str, str]
) -> dict[str, Any]:
    """Run a command to its end, and return what it measured: the JSON of the last line it printed.

    Raises:
        FeatureStoreError: it failed.
    """
    return json.loads(run_tool(command, folder, environment).strip().splitlines()[-1])


def copy_dbt_project(source: Path, folder: Path) -> Path:
    """Copy a dbt project into a folder, with this repository's macros; return where it is."""
    project = folder / "dbt_project"
    shutil.copytree(source, project)
    shutil.copytree(REPOSITORY / "macros", project / "macros")
    return project


def run_dbt(command: str, project: Path, environment: dict[str, str], *options: str) -> None:
    """Run a dbt command such as ``build`` in a project.

    Raises:
        FeatureStoreError: it failed.
    """
    dbt = [sys.executable, "-m", "dbt.cli.main", "--no-use-colors", command]
    run_tool([*dbt, *options], project, environment)


def copy_feast_repository(
    source: Path, folder: Path, python: Path, environment: dict[str, str]
) -> Path:
    """Copy a Feast repository into a folder and register what it defines; return where it is."""
    repository = folder / "feast_repo"
    shutil.copytree(source, repository)
    run_tool([str(python.with_name("feast")), "apply"], repository, environment)
    return repository
