"""Fixtures of the tests of the command that completes feature views."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.projects.zoo_project import ZooProject


@pytest.fixture(autouse=True)
def _own_target(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DBT_TARGET", "DBT_TARGET_PATH", "DBT_PROFILES_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def made_zoo(tmp_path_factory: pytest.TempPathFactory) -> ZooProject:
    return ZooProject.made(tmp_path_factory.mktemp("made") / "zoo")


@pytest.fixture
def zoo(made_zoo: ZooProject, tmp_path: Path) -> ZooProject:
    """Return a project without feature views."""
    return made_zoo.copied(tmp_path / "zoo")
