"""Fixtures of the loader's tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from raw_project import RawProject, clean_environment


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RawProject:
    """Give an empty project of its own, whatever the environment says."""
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    return RawProject(tmp_path)
