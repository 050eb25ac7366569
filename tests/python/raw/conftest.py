"""Fixtures of the loader's tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.projects.raw_project import RawProject, clean_environment


@pytest.fixture(autouse=True, scope="module")
def _no_other_project() -> Iterator[None]:
    """Keep the tests' projects apart from the one that the environment leads to."""
    with pytest.MonkeyPatch.context() as patch:
        for name in set(os.environ) - set(clean_environment()):
            patch.delenv(name)
        yield


@pytest.fixture
def project(tmp_path: Path) -> RawProject:
    """Give an empty project of its own."""
    return RawProject(tmp_path)
