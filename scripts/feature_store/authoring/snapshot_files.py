"""The snapshots of what feature views served: a YAML file each, which the command makes.

They are not in the file of their view: where a file has a versioned model and a snapshot, dbt's
partial parsing fails after each edit of it (dbt 1.11).
"""

from __future__ import annotations

from pathlib import Path

from feature_store.authoring.compiled import Compiled
from feature_store.authoring.declared_columns import documented, key_column
from feature_store.authoring.entries import folded, rows_of
from feature_store.authoring.sql_files import online_folder
from feature_store.authoring.types import names_needing_quotes
from feature_store.authoring.views import Project, Version, View, models_of, name_of
from feature_store.authoring.yaml_flow import flow
from feature_store.authoring.yaml_nodes import Node
from feature_store.authoring.yaml_text import YamlText
from feature_store.errors import FeatureStoreError


def snapshot_files(
    project: Project, view: View, served: list[Version], compiled: Compiled
) -> tuple[dict[Path, str], list[str]]:
    """Return the files of a view's snapshots as they are to be, by path, and notes for the user.

    Of a snapshot that is there, only the key is corrected.

    Raises:
        FeatureStoreError: another file is where the one of a snapshot is to be.
    """
    found: dict[Path, str] = {}
    notes: list[str] = []
    for version in served:
        name = view.served_name(version)
        if name in compiled.snapshots_in_sql:
            continue
        path = online_folder(view) / f"{name}.yml"
        place = _place(project, name)
        if place is None and path.exists():
            raise FeatureStoreError(
                f"{project.label(path)}: is there already, without the snapshot {name}",
                allowed="no such file, or one with that snapshot",
                next_step="move what is in it to another file",
            )
        if place is None:
            found[path] = _new(view, version, compiled)
            continue
        text = project.texts[place]
        _correct_key(text, name, version)
        found[place] = text.written()
        if models_of(text):
            notes.append(
                f"{project.label(place)}: the snapshot {name} stands beside models, where dbt's "
                f"partial parsing fails after an edit; move it to {project.label(path)}"
            )
    return found, notes


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


def _correct_key(text: YamlText, name: str, version: Version) -> None:
    keys = _keys(version)
    entry = next(one for one in _snapshots(text) if name_of(one) == name)
    found = entry.get("config", "unique_key")
    if found is not None and found.value not in (keys, keys[0] if len(keys) == 1 else None):
        text.set_value(entry.get("config"), "unique_key", flow(keys))


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
        "strategy": "feature_store.exact_check",
        "check_cols": "all",
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
