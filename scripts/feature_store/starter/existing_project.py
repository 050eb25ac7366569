"""The feature store added to an existing dbt project: an entry of its packages, and no more."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError

from feature_store.errors import FeatureStoreError
from feature_store.profiles import read_yaml
from feature_store.registry.manifest import PACKAGE
from feature_store.starter.package_source import Entry

#: dbt reads packages from either file, and not from both.
_FILES = ("packages.yml", "dependencies.yml")


@dataclass(frozen=True)
class Change:
    """A file to write: its text, and whether it is there already."""

    path: Path
    text: str
    is_new: bool


def planned_change(project_dir: Path, entry: Entry) -> Change | None:
    """Return the change that adds the dbt package; None where the project has it already.

    Raises:
        FeatureStoreError: the project has the package's name, or a file cannot be read.
    """
    name = read_yaml(project_dir / "dbt_project.yml", "correct it").get("name")
    if name == PACKAGE:
        raise FeatureStoreError(
            f"{project_dir / 'dbt_project.yml'}: is called {PACKAGE}, as the package is",
            allowed="another name",
            next_step="rename the project; the sample of this repository needs no init",
        )
    path = _packages_file(project_dir)
    if not path.exists():
        return Change(path, _dumped(_yaml(), {"packages": [dict(entry)]}), is_new=True)
    text = _read(path)
    mark, text = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    yaml = _yaml(text)
    content = _parsed(yaml, path, text)
    if content is None:  # nothing but comments
        gap = "" if not text or text.endswith("\n") else "\n"
        added = _dumped(yaml, {"packages": [dict(entry)]})
        return Change(path, mark + text + gap + added, is_new=False)
    packages = content.setdefault("packages", [])
    if packages is None:
        packages = content["packages"] = []
    if any(_is_ours(one, project_dir, entry) for one in packages):
        return None
    packages.append(dict(entry))
    found = _dumped(yaml, content)
    found = found.replace("\n", "\r\n") if "\r\n" in text else found
    return Change(path, mark + found, is_new=False)


def _packages_file(project_dir: Path) -> Path:
    there = [project_dir / name for name in _FILES if (project_dir / name).exists()]
    return there[0] if there else project_dir / _FILES[0]


def _is_ours(entry: Any, project_dir: Path, added: Entry) -> bool:
    if not isinstance(entry, dict):
        return False
    if "local" in entry:
        file = project_dir / str(entry["local"]) / "dbt_project.yml"
        # A folder that is not there is ours if it is called as ours: the entry is to be corrected.
        if file.is_file():
            return read_yaml(file, "correct it").get("name") == PACKAGE
        return str(entry["local"]).rstrip("/").endswith(("/macros", "/dbt_package"))
    address = str(entry.get("git", "")).rstrip("/").removesuffix(".git")
    name = address.rsplit("/", 1)[-1].replace("-", "_")
    return name == PACKAGE or ("git" in entry and entry["git"] == added.get("git"))


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return stream.read()
    except (OSError, ValueError) as error:
        raise FeatureStoreError(
            f"{path}: cannot be read: {error}", next_step="correct it, then run init again"
        ) from error


def _parsed(yaml: YAML, path: Path, text: str) -> Any:
    try:
        content = yaml.load(text.replace("\r\n", "\n"))
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise FeatureStoreError(
            f"{path}{place}: is not YAML: {getattr(error, 'problem', None) or error}",
            next_step="correct it, then run init again",
        ) from error
    packages = content.get("packages") if isinstance(content, dict) else None
    is_map = content is None or isinstance(content, dict)
    if not is_map or (packages is not None and not isinstance(packages, list)):
        raise FeatureStoreError(
            f"{path}: {'packages is not a list' if is_map else 'is not a mapping'}",
            allowed="packages: followed by a list of packages",
            next_step="correct it, as in dbt's documentation of packages.yml",
        )
    return content


def _yaml(text: str = "") -> YAML:
    """Return a reader and writer that keeps comments, quotes and the list's indentation."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    items = [line for line in text.splitlines() if line.lstrip().startswith("- ")]
    indent = len(items[0]) - len(items[0].lstrip()) if items else 2
    yaml.indent(mapping=2, sequence=indent + 2, offset=indent)
    return yaml


def _dumped(yaml: YAML, content: Any) -> str:
    stream = io.StringIO()
    yaml.dump(content, stream)
    return stream.getvalue()
