"""A copy of a dbt project in which each feature view can be compiled before it is complete.

The copy is made of links. Feature views have no contract, columns and tests in it, and their
one-line models are there, so dbt can compile what the project cannot parse yet.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from feature_store.authoring.project_files import Project
from feature_store.authoring.views import View
from feature_store.errors import FeatureStoreError
from feature_store.settings import Settings

_DROPPED = ("columns", "data_tests", "tests", "unit_tests", "latest_version")


@contextmanager
def draft(
    project: Project, settings: Settings, views: list[View], sql: Mapping[Path, str]
) -> Iterator[Path]:
    """Make the copy in a folder of its own, and remove it at the end."""
    base = settings.target_path / "authoring"
    try:
        base.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="draft_", dir=base))
    except OSError as error:
        raise FeatureStoreError(
            f"{base}: cannot be written: {error.strerror}",
            next_step="let this user write it, or set DBT_TARGET_PATH to another folder",
        ) from error
    try:
        _link(project, project.folder, folder)
        for view in views:
            text = project.texts[view.path]
            _write(project, folder, view.path, _without_contracts(text.root.value))
        for path, line in sql.items():
            _write(project, folder, path, line)
        yield folder
    except FeatureStoreError as error:
        here, there = str(folder), str(project.folder)
        raise FeatureStoreError(  # the user has never seen the copy
            error.what.replace(here, there),
            allowed=error.allowed and error.allowed.replace(here, there),
            next_step=error.next_step and error.next_step.replace(here, there),
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _link(project: Project, source: Path, folder: Path) -> None:
    """Make a folder like another one: of links, and of folders where files are written."""
    folder.mkdir(exist_ok=True)
    for entry in source.iterdir():
        is_made = any(
            path.is_relative_to(entry) or entry.is_relative_to(path) for path in project.model_paths
        )
        if entry.name in (".git", ".venv"):
            continue
        if is_made and entry.is_dir() and not project.is_generated(entry):
            _link(project, entry, folder / entry.name)
        else:
            os.symlink(entry, folder / entry.name)


def _write(project: Project, folder: Path, path: Path, content: Any) -> None:
    place = folder / path.relative_to(project.folder)
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.parent.resolve().is_relative_to(folder.resolve()):
        raise FeatureStoreError(  # it would be written in the project itself
            f"{project.label(path)}: its folder is not under model-paths",
            next_step="move it below a folder of model-paths in dbt_project.yml",
        )
    place.unlink(missing_ok=True)
    text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
    place.write_text(text, encoding="utf-8")


def _without_contracts(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a YAML file without what is to be completed."""
    kept = {key: value for key, value in content.items() if key not in _DROPPED}
    kept["models"] = [_model(model) for model in content.get("models") or []]
    return kept


def _model(model: Any) -> Any:
    if not isinstance(model, dict):
        return model
    is_of_view = any(
        "feature_view" in (((part.get("config") or {}).get("meta")) or {})
        for part in (model, *(model.get("versions") or []))
        if isinstance(part, dict) and isinstance(part.get("config") or {}, dict)
    )
    if not is_of_view:
        return model
    kept = {key: value for key, value in model.items() if key not in _DROPPED}
    kept["config"] = {**(kept.get("config") or {}), "contract": {"enforced": False}}
    if "versions" in kept:
        kept["versions"] = [
            {key: value for key, value in version.items() if key not in _DROPPED}
            for version in kept["versions"] or []
        ]
    if "versions" in kept and "latest_version" in model:
        kept["latest_version"] = model["latest_version"]
    return kept
