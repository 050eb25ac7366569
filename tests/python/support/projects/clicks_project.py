"""The project with examples/clicks in the place of the sample: small, and whole."""

from __future__ import annotations

import shutil
from pathlib import Path

from support.paths import REPOSITORY

_FILES = ("dbt_project.yml", "packages.yml", "profiles.yml")
_FOLDERS = ("dbt_packages", "macros", "scripts")
_MODELS = ("_groups.yml", "monitoring/_monitoring.yml")


def clicks_project(folder: Path) -> Path:
    """Make docs/guides/bring_your_own_data.md's project in a folder, without the sample."""
    for name in _FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__", "every_band_has_a_rank.sql", "benchmarks")
        shutil.copytree(REPOSITORY / name, folder / name, ignore=ignored)
    for name in (*_FILES, *(f"models/{name}" for name in _MODELS)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, folder / name)
    shutil.copytree(REPOSITORY / "examples/clicks", folder, dirs_exist_ok=True)
    return folder
