"""The search for the folder of the dbt project."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from feature_store.settings import find_project_dir
from support.errors import raises
from support.paths import REPOSITORY, SCRIPTS

pytestmark = pytest.mark.unit


def test_a_folder_that_may_not_be_read_does_not_end_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("FEATURE_STORE_PROJECT_DIR", raising=False)
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (tmp_path / "dbt_project.yml").write_text("name: shop\n")
    is_file = Path.is_file

    def guarded(path: Path) -> bool:
        if path.parent == hidden:
            raise PermissionError(13, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", guarded)
    assert find_project_dir(hidden) == tmp_path.resolve()


def test_a_folder_without_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Only a script of a checkout means the project of its checkout."""
    monkeypatch.delenv("FEATURE_STORE_PROJECT_DIR", raising=False)
    with raises("no dbt project here or above", "FEATURE_STORE_PROJECT_DIR"):
        find_project_dir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(SCRIPTS / "load_raw.py")])
    assert find_project_dir(tmp_path) == REPOSITORY
