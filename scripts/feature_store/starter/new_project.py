"""A new dbt project with one table and one feature view, from the files of ``project/``."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from feature_store.errors import FeatureStoreError, bullets
from feature_store.files import write_all
from feature_store.registry.manifest import PACKAGE
from feature_store.starter.package_source import Entry

_TEMPLATES = Path(__file__).resolve().parent / "project"
_PLACEHOLDER = "__name__"
#: Named otherwise here, so that neither git nor a builder of packages obeys it.
_RENAMED = {"gitignore": ".gitignore"}
#: Projects of dbt's own that every project has.
_TAKEN = ("dbt", "dbt_duckdb", PACKAGE)


def project_name(given: str | None, folder: Path) -> str:
    """Return the name of the project: as given, or made from the folder's.

    Raises:
        FeatureStoreError: dbt does not allow it, or it is the package's.
    """
    name = given if given is not None else re.sub(r"[-. ]+", "_", folder.name).lower()
    place = f"--name {name!r}" if given is not None else f"the folder's name, as {name!r},"
    allowed = "letters, digits and _, not a digit first, such as acme_features"
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise FeatureStoreError(
            f"{place} cannot be a dbt project's name", allowed=allowed, next_step="give --name NAME"
        )
    if name.lower() in _TAKEN:
        raise FeatureStoreError(
            f"{place} is the name of a dbt package that the project uses",
            allowed=allowed,
            next_step="give another --name NAME",
        )
    return name


def new_files(name: str, entry: Entry) -> dict[str, str]:
    """Return the files of a new project, by path."""
    texts = {"packages.yml": yaml.safe_dump({"packages": [entry]}, sort_keys=False)}
    for path in sorted(_TEMPLATES.rglob("*")):
        if path.is_file():
            place = path.relative_to(_TEMPLATES).as_posix()
            text = path.read_text(encoding="utf-8").replace(_PLACEHOLDER, name)
            texts[_RENAMED.get(place, place)] = text
    return texts


def write_project(folder: Path, name: str, entry: Entry) -> list[str]:
    """Write a new project, and return the paths of its files.

    Raises:
        FeatureStoreError: a file is there already, or cannot be written; then nothing is written.
    """
    texts = new_files(name, entry)
    _check_free(folder, [*texts])
    write_all({folder / name: text for name, text in texts.items()})
    return [*texts]


def _check_free(folder: Path, names: Sequence[str]) -> None:
    """Refuse to overwrite a file.

    Raises:
        FeatureStoreError: names every file that is there already.
    """
    there = [name for name in names if os.path.lexists(folder / name)]
    if there:
        raise FeatureStoreError(
            f"{folder}: these files are there already, and nothing was written{bullets(there)}",
            allowed="a folder without them",
            next_step="move them away, or run init in another folder",
        )
