"""Processes of contenders and tools: their environment, scratch folder and dbt or Feast project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from feature_store import FeatureStoreError

BENCHMARKS = Path(__file__).resolve().parents[1]
REPOSITORY = BENCHMARKS.parent


def clean_environment(scratch: Path) -> dict[str, str]:
    """Return the environment of all processes: no settings of the user's project, no telemetry."""
    own = ("DBT_", "FEATURE_STORE_", "REDIS_", "FEAST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return kept | {
        "DO_NOT_TRACK": "1",
        "FEAST_USAGE": "False",
        "PYTHONPATH": str(BENCHMARKS),
        "PYTHONWARNINGS": "ignore",
        "TMPDIR": str(scratch),
        "TZ": "UTC",
    }


@contextmanager
def scratch_folder(folder: Path, keep: bool) -> Iterator[Path]:
    """Create an empty folder, and remove it at the end, also after an error or a signal."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder.resolve()
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def run_tool(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    """Run a command to its end and return its stdout.

    Raises:
        FeatureStoreError: it failed; with the last lines that it printed.
    """
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        how = f"ended by signal {-done.returncode}" if done.returncode < 0 else "failed"
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise FeatureStoreError(f"{' '.join(command[:4])} {how}:\n{last}")
    return done.stdout


def module_command(python: str | Path, module: str, *options: object) -> list[str]:
    """Return the command that runs a module of ``benchmarks/``.

    ``-P`` keeps the working folder, in which other modules may lie, out of the search path.
    """
    return [str(python), "-P", "-m", module, *map(str, options)]


def run_contender(
    command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> dict[str, Any]:
    """Run a contender and return its measurements: the JSON of the last line that it printed.

    Raises:
        FeatureStoreError: it failed.
    """
    return json.loads(run_tool(command, folder, environment).strip().splitlines()[-1])


def copy_dbt_project(source: Path, folder: Path) -> Path:
    """Copy a dbt project into a folder, with this repository's macros, and return its path."""
    project = folder / "dbt_project"
    shutil.copytree(source, project)
    shutil.copytree(REPOSITORY / "macros", project / "macros")
    return project


def run_dbt(project: Path, environment: Mapping[str, str], *arguments: str) -> None:
    """Run a dbt command such as ``build`` in a project.

    Raises:
        FeatureStoreError: it failed.
    """
    run_tool(
        [sys.executable, "-m", "dbt.cli.main", "--no-use-colors", *arguments], project, environment
    )


def apply_feast_repository(
    source: Path, folder: Path, python: Path, environment: Mapping[str, str]
) -> Path:
    """Copy a Feast repository into a folder, register its definitions, and return its path."""
    repository = folder / "feast_repo"
    shutil.copytree(source, repository)
    run_tool([str(python.with_name("feast")), "apply"], repository, environment)
    return repository
