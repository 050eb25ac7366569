"""What a feature view, or a version of one, that was removed by hand leaves behind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from feature_store.authoring.sql_files import listed
from feature_store.authoring.views import ONE_LINE, Project, View, models_of, name_of
from feature_store.authoring.yaml_nodes import Node


@dataclass(frozen=True)
class Leftover:
    """A file, or a part of one, of a removed view.

    Attributes:
        view: the removed view, or version of one.
        part: ``file``, ``models``, ``snapshots`` or ``list``.
        name: of the entry; the text of an entry of a list.
    """

    view: str
    path: Path
    part: str
    name: str

    def label(self, project: Project) -> str:
        """Return what it is, for the user."""
        where = project.label(self.path)
        return where if self.part == "file" else f"{where}: {self.name} in {self._place}"

    @property
    def _place(self) -> str:
        return "the list of served views" if self.part == "list" else self.part


def leftovers(project: Project, views: list[View]) -> list[Leftover]:
    """Return what is there of views and versions that no YAML declares."""
    pairs = [(view, version) for view in views for version in view.versions]
    features = {view.sql_name(version) for view, version in pairs}
    online = {view.online_name(version) for view, version in pairs}
    served = {view.served_name(version) for view, version in pairs}
    keys = {(v.name, str(1 if one.number is None else one.number)) for v, one in pairs}
    found = []
    for name, path in sorted(project.sql.items()):
        match = ONE_LINE.fullmatch(path.read_bytes().decode("utf-8", errors="replace"))
        if match and name not in (features if match[1] == "windowed" else online):
            found.append(Leftover(_view(name), path, "file", name))
    for path, text in project.texts.items():
        for entry in models_of(text):
            name = name_of(entry) or ""
            is_online = entry.get("config", "meta", "feature_view") and name.startswith("online_")
            if is_online and name not in online and name not in {view.name for view in views}:
                found.append(Leftover(_view(name), path, "models", name))
        for entry in text.root.list_of("snapshots") if text.root is not None else []:
            name = name_of(entry) or ""
            if _is_of_online_view(entry, name) and name not in served:
                found.append(Leftover(_view(name), path, "snapshots", name))
    for path, entry, key in listed(project):
        if key not in keys:
            found.append(Leftover(f"{key[0]}_v{key[1]}", path, "list", entry))
    return found


def _is_of_online_view(snapshot: Node, name: str) -> bool:
    """Return whether a snapshot is one that the command writes: of the online view of its name."""
    relation = snapshot.get("relation")
    wanted = f"ref('online_{name.removeprefix('served_')}')"
    is_ours = relation is not None and relation.text.replace('"', "'").replace(" ", "") == wanted
    return is_ours and name.startswith("served_")


def _view(name: str) -> str:
    return re.sub(r"^(online|served)_", "", name)


def without(project: Project, found: list[Leftover]) -> dict[Path, str | None]:
    """Return the files without the leftovers, by path; None for a file that goes."""
    result: dict[Path, str | None] = {one.path: None for one in found if one.part == "file"}
    for one in found:
        if one.part == "list":
            text = result.get(one.path) or one.path.read_bytes().decode("utf-8")
            line = rf"[ \t]*{re.escape(one.name)}[ \t]*,?[ \t]*\r?\n?"
            result[one.path] = re.sub(line, "", text, count=1)
    # Snapshots first: they stand behind the models, whose anchors they do not use.
    for one in sorted(found, key=lambda one: one.part, reverse=True):
        if one.part in ("models", "snapshots"):
            text = project.texts[one.path]
            owner = text.root.get(one.part)
            items = owner.resolved.items
            number = next(at for at, item in enumerate(items) if name_of(item) == one.name)
            if len(items) == 1:
                text.remove_key(text.root, one.part)
            else:
                text.remove_item(owner, number)
            is_empty = text.root is None or not text.root.pairs
            result[one.path] = None if is_empty else text.written()
    return result
