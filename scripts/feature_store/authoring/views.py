"""Finds the feature views that a dbt project's YAML files declare."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from feature_store.authoring.project_files import Project, models_of, name_of, sql_of
from feature_store.authoring.yaml_nodes import Node, check_aliases
from feature_store.errors import FeatureStoreError, near_names

#: The call that makes a model, with or without the package's name before the macros.
CALL = re.compile(
    r"\{\{-?\s*(?:feature_store\.)?(windowed|online)_features\(\s*((?:(?!\}\}).)+?)\s*,"
    r"\s*(?:feature_store\.)?feature_view\(\)\s*\)"
    r"\s*-?\}\}",
    re.S,
)
#: Versions, which are parts of names.
_TEXT_VERSION, _NUMBER_VERSION = re.compile(r"\w[\w.-]*"), re.compile(r"[0-9]+(\.[0-9]+)?")
#: One-line models: such a call alone.
ONE_LINE = re.compile(rf"\s*{CALL.pattern}\s*", re.S)


@dataclass(frozen=True)
class Version:
    """A version of a feature view.

    Attributes:
        number: None if the view is not versioned.
        defined_in: the name of its SQL file without ``.sql``, where it has another one.
    """

    number: int | float | str | None
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
    its entry is as the command writes it, with the declaration of its view by an alias.
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
        sql, said = sql_of(project, name), entry.get("description")
        line, call = ONE_LINE.fullmatch(sql), CALL.search(sql)
        if name in names or (line and line[1] == "online"):
            return True
        view = holders.get(id(own.resolved)) if own is not None and own.kind == "alias" else None
        if view is None or not name.startswith(f"online_{view}_v"):
            return False
        is_described = said is not None and f"the latest row of {view} v" in said.text
        return is_described or (call is not None and call[1] == "online")

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
        declared = declaration_of(item) or own
        if declared is not None:
            number = _number(item, f"{project.label(path)}, line {item.line}: {name_of(entry)}")
            other = item.get("defined_in")
            name = other.text if other is not None and other.text else None
            yield Version(number, _mapping(project, path, declared), name)


def _number(item: Node, where: str) -> int | float | str:
    """Return the version that an item of ``versions`` has; it is a part of names."""
    found = item.get("v")
    value = found.value if found is not None else None
    if isinstance(value, str) and _TEXT_VERSION.fullmatch(value):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and _NUMBER_VERSION.fullmatch(str(value)):
        return value
    raise FeatureStoreError(
        f"{where} has a version without v"
        if found is None
        else f"{where} has the version {found.resolved.text or value!r}",
        allowed="a number such as v: 2, or a text in quotes of letters, digits, _, . and - such as "
        "v: '2024_1'",
        next_step="correct v, then run again; nothing was changed",
    )


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
