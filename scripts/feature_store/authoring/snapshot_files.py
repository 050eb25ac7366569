"""The snapshots of what feature views served: a YAML file each, which the command makes.

They are not in the file of their view: where a file has a versioned model and a snapshot, dbt's
partial parsing fails after each edit of it (dbt 1.11).
"""

from __future__ import annotations

from pathlib import Path

from feature_store.authoring.declared_columns import documented, key_column
from feature_store.authoring.draft import Compiled
from feature_store.authoring.entries import folded, rows_of
from feature_store.authoring.sql_files import online_folder
from feature_store.authoring.types import names_needing_quotes
from feature_store.authoring.views import Project, Version, View, name_of
from feature_store.authoring.yaml_nodes import Node
from feature_store.authoring.yaml_text import YamlText, flow
from feature_store.errors import FeatureStoreError


def snapshot_files(
    project: Project, view: View, served: list[Version], compiled: Compiled
) -> dict[Path, str]:
    """Return the files of a view's snapshots, by path, as they are to be.

    A snapshot in the view's own file moves out of it: its text is changed in the project. Of one
    that is there, only the key is corrected.
    """
    found: dict[Path, str] = {}
    for version in served:
        name = view.served_name(version)
        if name in compiled.snapshots_elsewhere:
            continue
        path = online_folder(view) / f"{name}.yml"
        place = _place(project, name)
        if place in (None, view.path) and path.exists():
            raise FeatureStoreError(
                f"{project.label(path)}: is there already, without the snapshot {name}",
                allowed="no such file, or one with that snapshot",
                next_step="move what is in it to another file",
            )
        if place is None:
            found[path] = _new(view, version, compiled)
            continue
        there = place
        if there == view.path:
            moved = _moved(project.texts[there], name)
            text = YamlText(moved, project.label(path))
            _correct_key(text, name, view, version)
            found[path] = text.written()
        else:
            _correct_key(project.texts[there], name, view, version)
            found[there] = project.texts[there].written()
    return found


def _place(project: Project, name: str) -> Path | None:
    for path, text in project.texts.items():
        for entry in _snapshots(text):
            if name_of(entry) == name:
                return path
    return None


def _snapshots(text: YamlText) -> list[Node]:
    return text.root.list_of("snapshots") if text.root is not None else []


def _keys(version: Version) -> list[str]:
    """Return the key columns as SQL: dbt writes them into its statements as they are."""
    entity = list(version.declaration["entity"])
    quoted = names_needing_quotes(entity)
    return [f'"{key}"' if key in quoted else key for key in entity]


def _correct_key(text: YamlText, name: str, view: View, version: Version) -> None:
    keys = _keys(version)
    entry = next(one for one in _snapshots(text) if name_of(one) == name)
    found = entry.get("config", "unique_key")
    if found is not None and found.value not in (keys, keys[0] if len(keys) == 1 else None):
        text.set_value(entry.get("config"), "unique_key", flow(keys))


def _moved(text: YamlText, name: str) -> str:
    """Take a snapshot out of a file, and return the text of a file with it alone."""
    items = _snapshots(text)
    number = next(at for at, one in enumerate(items) if name_of(one) == name)
    lines = text.items_as_written(text.root.get("snapshots"), number)
    at = text.line_start(text.dash(items[number]))
    if len(items) == 1:
        at = text.line_start(
            next(key.start for key, _ in text.root.pairs if key.text == "snapshots")
        )
        text.remove_key(text.root, "snapshots")
    else:
        text.remove_item(text.root.get("snapshots"), number)
    # The empty line above it goes with it.
    if text.text[:at].endswith("\n\n") and text.text[at:].strip(" ")[:1] in ("\n", ""):
        text.replace(at - 1, at, "")
    return "".join(f"{line}\n" for line in ("snapshots:", *(f"  {one}" for one in lines)))


def _new(view: View, version: Version, compiled: Compiled) -> str:
    docs = compiled.docs
    description = (
        f"One row per {rows_of(view, version)} and period in which it was served: the rows of "
        f"{view.online_name(version)} as they were, and from when to when. Features are described "
        "there."
    )
    columns = [
        *((key, key_column(key, docs).description) for key in version.declaration["entity"]),
        *((name, documented(f"served_{name}", docs)) for name in ("feature_time", "known_at")),
        ("dbt_valid_from", documented("served_from", docs)),
        ("dbt_valid_to", documented("served_until", docs)),
    ]
    config = {
        **compiled.snapshot_config,
        "unique_key": _keys(version),
        "hard_deletes": "invalidate",
    }
    lines = [
        "snapshots:",
        f"  - name: {view.served_name(version)}",
        *(f"    {line}" for line in folded(description)),
        f"    relation: ref('{view.online_name(version)}')",
        f"    config: {flow(config)}",
        "    columns:",
        *(f"      - {flow({'name': name, 'description': said})}" for name, said in columns),
    ]
    return "".join(f"{line}\n" for line in lines)
