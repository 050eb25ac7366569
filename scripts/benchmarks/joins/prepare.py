"""Data, a dbt project and a Feast repository on disk, made before anything is measured."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from feature_store import FeatureStoreError

BENCHMARKS = Path(__file__).resolve().parents[1]
REPOSITORY = BENCHMARKS.parents[1]


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


def build_dbt_project(folder: Path, environment: dict[str, str]) -> Path:
    """Load ``features.parquet`` of the folder into a warehouse, with dbt; return the project.

    Args:
        folder: where the Parquet file is and the project goes.
        environment: of the dbt process.
    """
    project = folder / "dbt_project"
    shutil.copytree(BENCHMARKS / "dbt_project", project)
    # The Python API takes the SQL of its joins from the project's macros.
    shutil.copytree(REPOSITORY / "macros", project / "macros")
    dbt = [sys.executable, "-m", "dbt.cli.main", "--no-use-colors"]
    run_tool([*dbt, "run"], project, environment)
    return project


def build_feast_repository(folder: Path, python: Path, environment: dict[str, str]) -> Path:
    """Register ``features.parquet`` of the folder with Feast; return the repository.

    Args:
        folder: where the Parquet file is and the repository goes.
        python: the interpreter of Feast's environment.
        environment: of the Feast process.
    """
    repository = folder / "feast_repo"
    shutil.copytree(BENCHMARKS / "feast_repo", repository)
    run_tool([str(python.with_name("feast")), "apply"], repository, environment)
    return repository
