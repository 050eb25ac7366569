"""A dbt project and a Feast repository over the generated feature table."""

from __future__ import annotations

from pathlib import Path

from bench.prepare import copy_dbt_project, copy_feast_repository, run_dbt

_HERE = Path(__file__).resolve().parent


def build_dbt_project(folder: Path, environment: dict[str, str]) -> Path:
    """Load ``features.parquet`` of the folder into a warehouse, with dbt; return the project.

    Args:
        folder: where the Parquet file is and the project goes.
        environment: of the dbt process.
    """
    # The Python API takes the SQL of its joins from the project's macros.
    project = copy_dbt_project(_HERE / "dbt_project", folder)
    run_dbt("run", project, environment)
    return project


def build_feast_repository(folder: Path, python: Path, environment: dict[str, str]) -> Path:
    """Register ``features.parquet`` of the folder with Feast; return the repository.

    Args:
        folder: where the Parquet file is and the repository goes.
        python: the interpreter of Feast's environment.
        environment: of the Feast process.
    """
    return copy_feast_repository(_HERE / "feast_repo", folder, python, environment)
