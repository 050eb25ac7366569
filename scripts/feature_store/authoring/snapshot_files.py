"""The snapshots of what feature views served: a YAML file each, which the command makes.

They are not in the file of their view: where a file has a versioned model and a snapshot, dbt's
partial parsing fails after each edit of it (dbt 1.11).
"""

from __future__ import annotations

import re
from pathlib import Path

from feature_store.authoring.compiled import Compiled
from feature_store.authoring.declared_columns import documented, key_column
from feature_store.authoring.entries import folded, rows_of
from feature_store.authoring.project_files import Project, models_of, name_of
from feature_store.authoring.sql_files import online_folder
from feature_store.authoring.types import names_needing_quotes
from feature_store.authoring.views import Version, View
from feature_store.authoring.yaml_flow import flow
from feature_store.authoring.yaml_nodes import Node
from feature_store.authoring.yaml_text import YamlText
from feature_store.errors import FeatureStoreError

_CONFIG = {
    "strategy": "feature_store.exact_check",
    "check_cols": "all",
    "hard_deletes": "invalidate",
}
_READ = re.compile(r"""\s*ref\(\s*['"](\w[\w.-]*)['"]\s*\)\s*""")


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
        there = project.texts.get(path)
        comments = there.written().rstrip() if there is not None and there.root is None else None
        if place is None and path.exists() and comments is None:
            raise FeatureStoreError(
                f"{project.label(path)}: is there already, without the snapshot {name}",
                allowed="no such file, or one with that snapshot",
                next_step="move what is in it to another file",
            )
        if place is None:
            found[path] = (f"{comments}\n" if comments else "") + _new(view, version, compiled)
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
        for entry in snapshots_of(text):
            if name_of(entry) == name:
                return path
    return None


def snapshots_of(text: YamlText) -> list[Node]:
    """Return the entries of the snapshots in a file."""
    return text.root.list_of("snapshots") if text.root is not None else []


def model_read(snapshot: Node) -> str | None:
    """Return the model that a snapshot reads: ``ref('online_shop_v1')`` names it."""
    relation = snapshot.get("relation")
    found = _READ.fullmatch(relation.text) if relation is not None else None
    return found[1] if found else None


def is_as_made(snapshot: Node) -> bool:
    """Return whether a snapshot is as the command writes it, for a version of some view."""
    value, online = snapshot.value, model_read(snapshot)
    name = re.fullmatch(r"served_(.+_v.+)", name_of(snapshot) or "")
    if not isinstance(value, dict) or name is None:
        return False
    config, columns = value.get("config"), value.get("columns")
    return (
        online == f"online_{name[1]}"
        and {*value} == {"name", "description", "relation", "config", "columns"}
        and f"the rows of {online} as they were" in str(value["description"])
        and isinstance(config, dict)
        and {key: config[key] for key in config if key != "unique_key"} == _CONFIG
        and isinstance(columns, list)
        and all(isinstance(one, dict) and {*one} == {"name", "description"} for one in columns)
    )


def _keys(version: Version) -> list[str]:
    """Return the key columns as SQL: dbt writes them into its statements as they are."""
    entity = list(version.declaration["entity"])
    quoted = names_needing_quotes(entity)
    return [f'"{key}"' if key in quoted else key for key in entity]


def _correct_key(text: YamlText, name: str, version: Version) -> None:
    keys = _keys(version)
    entry = next(one for one in snapshots_of(text) if name_of(one) == name)
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
        "strategy": _CONFIG["strategy"],
        "check_cols": _CONFIG["check_cols"],
        "unique_key": _keys(version),
        "hard_deletes": _CONFIG["hard_deletes"],
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
