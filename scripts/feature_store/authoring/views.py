"""Finds the feature views that a dbt project's YAML files declare."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from feature_store.authoring.yaml_nodes import Node, check_aliases
from feature_store.authoring.yaml_text import YamlText
from feature_store.errors import FeatureStoreError, near_names
from feature_store.profiles import read_yaml

_GENERATED = ("target", "dbt_packages", "logs", ".git", ".venv")
#: The call that makes a model, with or without the package's name before the macros.
CALL = re.compile(
    r"\{\{-?\s*(?:feature_store\.)?(windowed|online)_features\(\s*((?:(?!\}\}).)+?)\s*,"
    r"\s*(?:feature_store\.)?feature_view\(\)\s*\)"
    r"\s*-?\}\}",
    re.S,
)
#: One-line models: such a call alone.
ONE_LINE = re.compile(rf"\s*{CALL.pattern}\s*", re.S)


@dataclass(frozen=True)
class Version:
    """A version of a feature view.

    Attributes:
        number: None if the view is not versioned.
        defined_in: the name of its SQL file without ``.sql``, where it has another one.
    """

    number: int | str | None
    declaration: Mapping[str, Any]
    defined_in: str | None = None


@dataclass
class View:
    """A feature view as its YAML declares it."""

    name: str
    path: Path
    versions: list[Version] = field(default_factory=list)

    def suffix(self, version: Version) -> str:
        """Return the version as it ends names: ``_v1``."""
        return f"_v{1 if version.number is None else version.number}"

    def sql_name(self, version: Version) -> str:
        """Return the name of a version's SQL file."""
        own = self.name if version.number is None else f"{self.name}_v{version.number}"
        return version.defined_in or own

    def online_name(self, version: Version) -> str:
        """Return the name of a version's online view."""
        return f"online_{self.name}{self.suffix(version)}"

    def served_name(self, version: Version) -> str:
        """Return the name of the snapshot of what a version served."""
        return f"served_{self.name}{self.suffix(version)}"

    @property
    def is_windowed(self) -> bool:
        """Whether its SQL follows from the declaration."""
        return any("aggregates" in version.declaration for version in self.versions)


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
    return [folder / str(path) for path in given] if isinstance(given, list) else []


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


def declaration_of(entry: Node) -> Node | None:
    """Return the node of ``config.meta.feature_view`` of a model or version."""
    return entry.get("config", "meta", "feature_view")


def views_of(project: Project) -> list[View]:
    """Return all feature views, in the order of their names.

    Raises:
        FeatureStoreError: a view is declared twice, or its version cannot be read.
    """
    found: dict[str, View] = {}
    online = {id(entry) for _, entry in online_entries(project)}
    for path, entry in _entries(project):
        name = name_of(entry)
        if name is None or id(entry) in online:
            continue
        versions = [*_versions(project, path, entry)]
        if not versions:
            continue
        if name in found:
            raise FeatureStoreError(
                f"the feature view {name} is declared in {project.label(found[name].path)} and in "
                f"{project.label(path)}",
                next_step="keep one of the two",
            )
        found[name] = View(name, path, versions)
    return [found[name] for name in sorted(found)]


def _entries(project: Project) -> list[tuple[Path, Node]]:
    return [(path, entry) for path, text in project.texts.items() for entry in models_of(text)]


def online_entries(project: Project) -> list[tuple[Path, Node]]:
    """Return the entries of models that are online views of others, and their files.

    Such a model has the name of a declared version's online view, or its SQL is the call alone, or
    its entry has the declaration of its view by an alias, as the command writes it.
    """
    names: set[str] = set()
    holders: dict[int, str | None] = {}
    for _, entry in _entries(project):
        declared = [*_declared(entry)]
        numbers = [found.value for item in entry.list_of("versions") if (found := item.get("v"))]
        names |= {f"online_{name_of(entry)}_v{one}" for one in numbers or [1] if declared}
        holders |= {id(one): name_of(entry) for one in declared if one.kind != "alias"}

    def is_online(entry: Node) -> bool:
        name, own = name_of(entry) or "", declaration_of(entry)
        view = holders.get(id(own.resolved)) if own is not None and own.kind == "alias" else None
        line = ONE_LINE.fullmatch(sql_of(project, name))
        return (
            name in names
            or bool(line and line[1] == "online")
            or (view is not None and name.startswith(f"online_{view}_v"))
        )

    return [(path, entry) for path, entry in _entries(project) if is_online(entry)]


def _refuse_merged(project: Project, path: Path, entry: Node) -> None:
    """Refuse a declaration that comes into a model by a merge of its config or meta."""
    for part in (entry, *entry.list_of("versions")):
        value = part.value
        for key in ("config", "meta", "feature_view"):
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None and declaration_of(part) is None:
            raise FeatureStoreError(
                f"{project.label(path)}, line {part.line}: config.meta.feature_view of "
                f"{name_of(entry)} comes by a merge (<<)",
                allowed="the keys config, meta and feature_view written in place; merges below",
                next_step="write feature_view: below config and meta of the model",
            )


def _declared(entry: Node) -> Iterator[Node]:
    for part in (entry, *entry.list_of("versions")):
        if (found := declaration_of(part)) is not None:
            yield found


def _versions(project: Project, path: Path, entry: Node) -> Iterator[Version]:
    _refuse_merged(project, path, entry)
    own = declaration_of(entry)
    listed = entry.list_of("versions")
    if not listed and own is not None:
        is_plain = name_of(entry) in project.sql
        yield Version(None if is_plain else 1, _mapping(project, path, own))
    if own is not None and (both := [one for one in listed if declaration_of(one) is not None]):
        raise FeatureStoreError(
            f"{project.label(path)}, line {both[0].line}: {name_of(entry)} declares feature_view "
            f"for this version, and in line {own.line} for all; dbt would merge the two",
            allowed="one declaration for all versions, or one in each",
            next_step="move config.meta.feature_view of the model below - v: 1, under versions",
        )
    for item in listed:
        number = item.get("v")
        declared = declaration_of(item) or own
        if declared is not None:
            if number is None:
                raise FeatureStoreError(
                    f"{project.label(path)}, line {item.line}: a version of {name_of(entry)} has "
                    "no v",
                    next_step="write it as - v: 1",
                )
            other = item.get("defined_in")
            name = other.text if other is not None and other.text else None
            yield Version(number.value, _mapping(project, path, declared), name)


def _mapping(project: Project, path: Path, node: Node) -> Mapping[str, Any]:
    check_aliases(node, project.label(path))
    value = node.value
    entity = value.get("entity") if isinstance(value, dict) else None
    if not isinstance(entity, list) or not entity or not all(isinstance(k, str) for k in entity):
        raise FeatureStoreError(
            f"{project.label(path)}, line {node.line}: feature_view: "
            f"{'entity is ' + repr(entity) if isinstance(value, dict) else repr(value)}",
            allowed="a mapping with entity, a list of column names such as [customer_id]",
            next_step="correct the declaration; --new writes one to begin with",
        )
    return value


def chosen(views: list[View], names: Iterable[str]) -> list[View]:
    """Return the views with these names; all of them where none is given."""
    known = {view.name: view for view in views}
    for name in names:
        if name not in known:
            raise FeatureStoreError(
                f"no model declares the feature view {name!r}",
                allowed=near_names(name, known),
                next_step="correct the name, or start it with --new",
            )
    return [known[name] for name in dict.fromkeys(names)] or views


def sql_of(project: Project, name: str) -> str:
    """Return the SQL of a model; nothing if it has no file."""
    path = project.sql.get(name)
    return path.read_text(encoding="utf-8") if path else ""
