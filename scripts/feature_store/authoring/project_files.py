"""The files of a dbt project with feature views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feature_store.authoring.yaml_nodes import Node
from feature_store.authoring.yaml_text import YamlText
from feature_store.errors import FeatureStoreError
from feature_store.profiles import read_yaml

_GENERATED = ("target", "dbt_packages", "logs", ".git", ".venv")


@dataclass
class Project:
    """The files of a dbt project.

    Attributes:
        texts: its YAML files under the paths of models and snapshots, by path.
        sql: its SQL files under the paths of models, by name without ``.sql``.
    """

    folder: Path
    model_paths: list[Path]
    texts: dict[Path, YamlText]
    sql: dict[str, Path]

    def is_generated(self, folder: Path) -> bool:
        """Return whether a folder holds what dbt makes or installs."""
        return folder.parent == self.folder and folder.name in _GENERATED

    def label(self, path: Path) -> str:
        """Return a path relative to the project."""
        return str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else str(path)

    def model(self, name: str) -> tuple[Path, Node] | None:
        """Return the entry of a model and its file."""
        for path, text in self.texts.items():
            for entry in models_of(text):
                if name_of(entry) == name:
                    return path, entry
        return None


def read_project(folder: Path) -> Project:
    """Read the YAML files of a project's models and snapshots, and find its SQL files."""
    settings = read_yaml(folder / "dbt_project.yml", "correct it, then run again")
    models = _folders(folder, settings, "model-paths", "models")
    snapshots = _folders(folder, settings, "snapshot-paths", "snapshots")
    files = _files_below(folder, models)
    texts = {
        file: YamlText.read(file, str(file.relative_to(folder)))
        for file in sorted({*files, *_files_below(folder, snapshots)})
        if file.suffix in (".yml", ".yaml")
    }
    sql = {file.stem: file for file in files if file.suffix == ".sql"}
    return Project(folder, models, texts, sql)


def _folders(folder: Path, settings: Mapping[str, Any], key: str, default: str) -> list[Path]:
    given = settings.get(key) or [default]
    if not isinstance(given, list) or not all(isinstance(path, str) for path in given):
        raise FeatureStoreError(
            f"dbt_project.yml: {key} is {given!r}",
            allowed=f"a list of folders, such as {key}: [{default}]",
            next_step="correct it, then run again",
        )
    return [folder / path for path in given]


def _files_below(folder: Path, paths: Iterable[Path]) -> list[Path]:
    skipped = [folder / name for name in _GENERATED]
    return sorted(
        file
        for file in {file for path in paths for file in path.rglob("*")}
        if file.is_file() and not any(file.is_relative_to(one) for one in skipped)
    )


def models_of(text: YamlText) -> list[Node]:
    """Return the entries of the models in a file."""
    return text.root.list_of("models") if text.root is not None else []


def name_of(entry: Node) -> str | None:
    """Return the name of an entry."""
    found = entry.get("name")
    return found.text if found is not None else None


def sql_of(project: Project, name: str) -> str:
    """Return the SQL of a model; nothing if it has no file."""
    path = project.sql.get(name)
    return path.read_text(encoding="utf-8") if path else ""
