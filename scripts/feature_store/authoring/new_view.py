"""Starts a feature view: the smallest declaration, for a person to edit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb

from feature_store.authoring.project_files import Project, read_project
from feature_store.authoring.types import names_needing_quotes
from feature_store.authoring.views import views_of
from feature_store.authoring.yaml_flow import flow
from feature_store.authoring.yaml_text import YamlText
from feature_store.dbt.connection import connect_as_dbt
from feature_store.dbt.project import DbtProject
from feature_store.errors import FeatureStoreError, near_names
from feature_store.files import write_all
from feature_store.registry.manifest import relation_of
from feature_store.settings import Settings, load_settings

_NUMBERS = re.compile(r"DECIMAL(\(.*\))?|DOUBLE|FLOAT|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")


def new_view(
    name: str,
    entity: Sequence[str],
    events: str,
    event_time: str | None = None,
    *,
    target: str | None = None,
    project_dir: Path | None = None,
) -> str:
    """Write the YAML file of a new feature view, and return its path in the project.

    Where the warehouse has the events, their columns are checked, and the first aggregates and the
    event time are chosen from them.

    Raises:
        FeatureStoreError: the name is taken or no name, or there are no such events or columns.
    """
    settings = load_settings(target, project_dir)
    project = read_project(settings.project_dir)
    _check_name(project, name)
    call, relation = _events(settings, target, events)
    columns = _columns(settings, relation)
    entity = [part.strip() for one in entity for part in one.split(",")]
    for column in (*entity, *([event_time] if event_time else [])):
        if columns and column not in columns:
            raise FeatureStoreError(
                f"{events} has no column {column!r}",
                allowed=near_names(column, columns),
                next_step="correct --entity or --event-time",
            )
    path = _folder(project) / f"{name}.yml"
    if path.exists():
        raise FeatureStoreError(
            f"{project.label(path)}: is there already", next_step="choose another name"
        )
    text = _text(name, entity, call, event_time or _event_time(events, columns), columns)
    YamlText(text, project.label(path))  # it can be read
    write_all({path: text}, project.label)
    return project.label(path)


def _check_name(project: Project, name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or re.search(r"_v[0-9]+$", name):
        raise FeatureStoreError(
            f"--new {name!r} cannot be the name of a feature view",
            allowed="lower case letters, digits and _, a letter first, and no version at the end",
            next_step="choose another name, such as customer_purchases",
        )
    if project.model(name) or {name, f"{name}_v1"} & {*project.sql}:
        raise FeatureStoreError(
            f"--new {name}: there is a model with this name already",
            allowed="a name that no model has",
            next_step="edit it, or add a version: - v: 2 under its versions"
            if name in {view.name for view in views_of(project)}
            else "choose another name",
        )


def _events(settings: Settings, target: str | None, events: str) -> tuple[str, str]:
    """Return the call that names the events, and their relation."""
    dbt = DbtProject(settings, target)
    manifest = dbt.manifest
    nodes = [*manifest.nodes.values(), *manifest.sources.values()]
    known: dict[str, tuple[str, str]] = {}
    for node in nodes:
        if node.resource_type == "source":
            call = f"source('{node.source_name}', '{node.name}')"
            known.setdefault(node.name, (call, relation_of(node.to_dict())))
        elif node.resource_type in ("model", "seed", "snapshot"):
            call = f"ref('{node.name}')"
            known[node.name] = (call, relation_of(node.to_dict()))
        else:
            continue
        known[call] = (call, relation_of(node.to_dict()))
    wanted = events.replace('"', "'").strip()
    if wanted not in known:
        raise FeatureStoreError(
            f"--events {events}: the project has no such model, seed, snapshot or source",
            allowed=near_names(wanted, [one for one in known if "(" not in one]),
            next_step="correct --events",
        )
    return known[wanted]


def _columns(settings: Settings, relation: str) -> dict[str, str]:
    """Return the types of a table's columns; none if the warehouse does not have it."""
    if not settings.warehouse_path.exists():
        return {}
    with connect_as_dbt(settings) as connection:
        try:
            rows = connection.execute(f"describe select * from {relation}").fetchall()
        except duckdb.Error:
            return {}
    return {row[0]: row[1] for row in rows}


def _event_time(events: str, columns: dict[str, str]) -> str:
    times = [
        name
        for name, kind in columns.items()
        if kind.startswith(("TIMESTAMP", "DATE")) and not re.match(r"_?(loaded|known)_", name)
    ]
    if len(times) != 1:
        found = (
            "the warehouse does not have it yet"
            if not columns
            else (f"it has {', '.join(times)}" if times else "it has no time")
        )
        raise FeatureStoreError(
            f"which column of {events} is the time of an event? {found}",
            allowed="a timestamp or a date, in UTC",
            next_step="add --event-time COLUMN",
        )
    return times[0]


def _folder(project: Project) -> Path:
    """Return the folder where most views are; ``features`` where there are none."""
    folders = Counter(view.path.parent for view in views_of(project))
    return folders.most_common(1)[0][0] if folders else project.model_paths[0] / "features"


def _text(
    name: str, entity: Sequence[str], events: str, event_time: str, columns: dict[str, str]
) -> str:
    taken = {column.lower() for column in columns}
    count = next(
        one
        for one in ("events", "rows", *map("events_{}".format, range(2, 99)))
        if one not in taken
    )
    aggregates = [f"            {count}: {{sql: count(*), description: Events}}"]
    for column, kind in columns.items():
        is_key = column in entity or column.endswith("_id") or column.startswith(("_", "source_"))
        if _NUMBERS.fullmatch(kind) and re.fullmatch(r"[a-z][a-z0-9_]*", column) and not is_key:
            words = column.replace("_", " ").capitalize()
            quoted = f'"{column}"' if names_needing_quotes([column]) else column
            aggregates.append(
                f"            {flow(column)}: {{sql: {flow(f'sum({quoted})')}, empty: 0, "
                f"description: {flow(words)}}}"
            )
            break
    return "\n".join(
        [
            "models:",
            f"  - name: {name}",
            "    config:",
            "      meta:",
            "        feature_view:",
            f"          entity: {flow([*entity])}",
            f"          events: {flow(events)}",
            f"          event_time: {flow(event_time)}",
            "          windows: [7d, 28d]",
            "          aggregates:",
            *aggregates,
            "          online: {ttl: 60d}",
            "",
        ]
    )
