"""Fixtures of the loader's tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.projects.raw_project import GOOD, HEADER, RawProject, clean_environment


@pytest.fixture(autouse=True, scope="module")
def _no_other_project() -> Iterator[None]:
    """Remove the environment variables that choose another project."""
    with pytest.MonkeyPatch.context() as patch:
        for name in set(os.environ) - set(clean_environment()):
            patch.delenv(name)
        yield


@pytest.fixture
def project(tmp_path: Path) -> RawProject:
    return RawProject(tmp_path)


@pytest.fixture
def orders(project: RawProject) -> RawProject:
    """Give a project with the table orders, loaded from one file."""
    project.give("o.csv", HEADER + GOOD, event_time="sold_at")
    project.load()
    return project
