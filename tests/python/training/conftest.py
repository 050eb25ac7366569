"""The project, labels and connection that the tests of training sets share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from support.projects.training_project import (
    Rows,
    TrainingProject,
    joined_labels,
    make_training_project,
)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> TrainingProject:
    """Return the project that all modules share; what changes it works on a copy."""
    return make_training_project(tmp_path_factory.mktemp("training") / "project")


@pytest.fixture(scope="session")
def joined(project: TrainingProject) -> Rows:
    return joined_labels(project)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "set"


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("set timezone = 'UTC'")
        yield opened
