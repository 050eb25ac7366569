"""Fixtures of the tests of schema changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.projects.changing_project import ChangingProject, changing_project


@pytest.fixture(scope="session")
def served_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChangingProject]:
    with changing_project(tmp_path_factory.mktemp("changing") / "project") as project:
        yield project


@pytest.fixture
def project(served_once: ChangingProject) -> ChangingProject:
    """Return the project as it was when it was served once."""
    served_once.restore()
    return served_once
