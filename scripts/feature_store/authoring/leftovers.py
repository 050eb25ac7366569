"""What a feature view, or a version of one, that was removed by hand leaves behind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from feature_store.authoring.project_files import Project, name_of
from feature_store.authoring.snapshot_files import is_as_made, model_read, snapshots_of
from feature_store.authoring.sql_files import listed
from feature_store.authoring.views import ONE_LINE, View, online_entries
from feature_store.authoring.yaml_text import YamlText
from feature_store.errors import FeatureStoreError

#: The view that a call reads, with its version.
_VIEW = re.compile(r"""ref\(\s*['"](\w+)['"]\s*(?:,\s*v\s*=\s*['"]?([\w.-]+)['"]?\s*)?\)""")


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
    """Return what is there of views and versions that no YAML declares.

    Only what is as the command writes it: all else is a person's, whatever its name.
    """
    pairs = [(view, version) for view in views for version in view.versions]
    features = {view.sql_name(version) for view, version in pairs}
    online = {view.online_name(version) for view, version in pairs}
    served = {view.served_name(version) for view, version in pairs}
    keys = {(v.name, str(1 if one.number is None else one.number)) for v, one in pairs}
    found = []
    for name, path in sorted(project.sql.items()):
        match = ONE_LINE.fullmatch(path.read_bytes().decode("utf-8", errors="replace"))
        is_declared = name in (features if match and match[1] == "windowed" else online)
        if match and not is_declared and (match[1] == "windowed" or name == _online_name(match)):
            found.append(Leftover(_view(name), path, "file", name))
    # What reads or describes a model that a person wrote is the person's too.
    others = {*project.sql} - {one.name for one in found}
    for path, entry in online_entries(project):
        if (name := name_of(entry) or "") not in {*online, *others}:
            found.append(Leftover(_view(name), path, "models", name))
    for path, text in project.texts.items():
        for entry in snapshots_of(text):
            name = name_of(entry) or ""
            if name not in served and is_as_made(entry) and f"online_{_view(name)}" not in others:
                found.append(Leftover(_view(name), path, "snapshots", name))
    for path, entry, key in listed(project):
        if key not in keys:
            found.append(Leftover(f"{key[0]}_v{key[1]}", path, "list", entry))
    return found


def _online_name(call: re.Match[str]) -> str | None:
    """Return the name that the command gives to a model with such a call."""
    view = _VIEW.match(call[2])
    return f"online_{view[1]}_v{view[2] or 1}" if view else None


def check_readers(project: Project, found: list[Leftover]) -> None:
    """Refuse to remove a model that a snapshot reads which a person wrote or changed.

    Raises:
        FeatureStoreError: names the snapshot.
    """
    gone = {one.name for one in found if one.part == "file"}
    going = {one.name for one in found if one.part == "snapshots"}
    for path, text in project.texts.items():
        for entry in snapshots_of(text):
            model = model_read(entry)
            if model in gone and name_of(entry) not in going:
                raise FeatureStoreError(
                    f"{project.label(path)}: the snapshot {name_of(entry)} reads {model}, which "
                    "would be removed, and it is not as build-views writes it",
                    allowed="--remove of what is as build-views wrote it",
                    next_step="remove the snapshot by hand, or let it read another model, then run "
                    "again; nothing was changed",
                )


def _view(name: str) -> str:
    return re.sub(r"^(online|served)_", "", name)


def without(project: Project, found: list[Leftover]) -> tuple[dict[Path, str | None], list[str]]:
    """Return the files without the leftovers by path, None for one that goes; notes for the user.

    A file with comments stays.
    """
    result: dict[Path, str | None] = {one.path: None for one in found if one.part == "file"}
    for one in found:
        if one.part == "list":
            text = result.get(one.path) or one.path.read_bytes().decode("utf-8")
            line = rf"[ \t]*{re.escape(one.name)}[ \t]*,?[ \t]*\r?\n?"
            result[one.path] = re.sub(line, "", text, count=1)
    notes = []
    # Snapshots first: they stand behind the models, whose anchors they do not use.
    for one in sorted(found, key=lambda one: one.part, reverse=True):
        if one.part in ("models", "snapshots"):
            text = project.texts[one.path]
            before = text.comments()
            _remove(text, one)
            left = text.comments()
            if lost := [comment for comment in before if comment not in left]:
                notes.append(f"{one.label(project)}: its comments go with it: {', '.join(lost)}")
            is_empty = text.root is None or not text.root.pairs
            result[one.path] = None if is_empty and not left else text.written()
    return result, notes


def _remove(text: YamlText, one: Leftover) -> None:
    owner = text.root.get(one.part)
    items = owner.resolved.items
    if len(items) == 1:
        text.remove_key(text.root, one.part)
    else:
        number = next(at for at, item in enumerate(items) if name_of(item) == one.name)
        text.remove_item(owner, number)
