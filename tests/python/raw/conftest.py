"""Fixtures of the loader's tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.projects.raw_project import HEADER, RawProject, clean_environment

#: Two well-formed rows of the table orders.
GOOD = "1,1.50,x,2017-01-01\n2,2,y,2017-01-02\n"


@pytest.fixture(autouse=True, scope="module")
def _no_other_project() -> Iterator[None]:
    """Remove the environment variables that choose another project."""
    with pytest.MonkeyPatch.context() as patch:
        for name in set(os.environ) - set(clean_environment()):
            patch.delenv(name)
        yield


@pytest.fixture
def project(tmp_path: Path) -> RawProject:
    """Give an empty project."""
    return RawProject(tmp_path)


@pytest.fixture
def orders(project: RawProject) -> RawProject:
    """Give a project with the table orders, loaded from one file."""
    project.write("o.csv", HEADER + GOOD)
    project.declare("o.csv", event_time="sold_at")
    project.load()
    return project
