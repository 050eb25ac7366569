"""Tiny projects with green feature views, made by hand, to export."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb
import yaml

from feature_store.online.connection.open import open_online_store
from feature_store.online.export.options import ExportedView, ExportOptions, ExportProgress
from feature_store.online.export.run import export_features
from feature_store.online.read.get import get_online_features
from feature_store.online.read.request import resolve_request
from feature_store.online.read.result import OnlineFeatures
from feature_store.registry.definitions import FeatureDefinitions, FeatureView, load_definitions
from feature_store.settings import Settings
from feature_store.warehouse.connection import connect
from feature_store.warehouse.sql import identifier
from support.servers.redis_server import run_script, script_environment


@dataclass(frozen=True)
class View:
    """A feature view to declare: its keys and features with their SQL types."""

    name: str
    entity: Mapping[str, str]
    features: Mapping[str, str]
    version: int = 1
    latest_version: int = 1
    ttl: str | None = None
    layout: str | None = None

    @property
    def label(self) -> str:
        """The view with its version."""
        return f"{self.name}:v{self.version}"

    @property
    def served_name(self) -> str:
        """The name of its snapshot."""
        return f"served_{self.name}_v{self.version}"

    @property
    def ids(self) -> tuple[str, str, str]:
        """The ids that dbt gives to the feature table, the online view and the snapshot."""
        return (
            f"model.tiny.{self.name}.v{self.version}",
            f"model.tiny.online_{self.name}_v{self.version}",
            f"snapshot.tiny.{self.served_name}",
        )

    def nodes(self) -> dict[str, Any]:
        """Return the view's part of a manifest, as dbt writes it."""
        table, online, snapshot = self.ids
        columns = {**self.entity, "feature_time": "timestamp", **self.features}
        columns["known_at"] = "timestamp"
        declaration = {"entity": [*self.entity], "event_time": "at", "grain": "1d"}
        given = {"ttl": self.ttl, "layout": self.layout}
        declaration["online"] = {key: value for key, value in given.items() if value}
        nodes = {
            table: _node(table, "features", self.name),
            online: _node(online, "online", online.split(".")[-1]),
            snapshot: _node(snapshot, "snapshots", self.served_name),
        }
        nodes[table] |= {
            "alias": f"{self.name}_v{self.version}",
            "fqn": ["tiny", "features", self.name, f"v{self.version}"],
            "version": self.version,
            "latest_version": self.latest_version,
            "columns": {
                name: {"name": name, "data_type": data_type, "description": ""}
                for name, data_type in columns.items()
            },
            "config": {"meta": {"feature_view": declaration}},
        }
        return nodes


def _node(unique_id: str, schema: str, name: str) -> dict[str, Any]:
    node = {"unique_id": unique_id, "resource_type": unique_id.split(".")[0], "name": name}
    node |= {"schema": schema, "fqn": ["tiny", schema, name], "raw_code": "", "description": ""}
    return node | {"columns": {}, "config": {"meta": {}}}


class TinyStore:
    """A project with green feature views in a DuckDB file, on which the real scripts run too.

    Args:
        folder: where to write it.
        views: the feature views; None for a project that was written there before.
        project_name: the dbt project's name.
    """

    def __init__(
        self, folder: Path, views: Sequence[View] | None = None, project_name: str = "tiny"
    ):
        self.folder, self.warehouse, self.prefix = folder, folder / "tiny.duckdb", "fs"
        if views is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        project = {"name": project_name, "profile": "tiny"}
        output = {"type": "duckdb", "path": self.warehouse.name}
        profiles = {"tiny": {"target": "dev", "outputs": {"dev": output}}}
        (folder / "dbt_project.yml").write_text(yaml.safe_dump(project))
        (folder / "profiles.yml").write_text(yaml.safe_dump(profiles))
        self.declare(views, project_name)
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute("create schema snapshots")
            for view in views:
                columns = {**view.entity, "feature_time": "timestamp", **view.features}
                columns |= dict.fromkeys(
                    ("known_at", "dbt_valid_from", "dbt_valid_to"), "timestamp"
                )
                listed = ", ".join(f"{identifier(name)} {kind}" for name, kind in columns.items())
                connection.execute(f"create table snapshots.{view.served_name} ({listed})")
            connection.execute(
                "create schema operations; create table operations.dbt_results (unique_id varchar "
                "primary key, status varchar, message varchar, invocation_id varchar, "
                "started_at timestamp)"
            )
            connection.executemany(
                "insert into operations.dbt_results values "
                "(?, 'success', '', 'invocation', '2026-01-01')",
                [[node] for view in views for node in view.ids],
            )

    def declare(self, views: Sequence[View], project_name: str = "tiny") -> None:
        """Write the manifest of the project with these views."""
        manifest: dict[str, Any] = {
            "metadata": {"project_name": project_name},
            "nodes": {},
            "parent_map": {},
            "child_map": {},
        }
        for view in views:
            table, online, snapshot = view.ids
            manifest["nodes"] |= view.nodes()
            manifest["parent_map"] |= {table: [], online: [table], snapshot: [online]}
            manifest["child_map"] |= {table: [online], online: [snapshot], snapshot: []}
        path = self.folder / "target" / "manifest.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(manifest))

    @property
    def definitions(self) -> FeatureDefinitions:
        """The feature views, read from the manifest."""
        return load_definitions(self.folder / "target" / "manifest.json")

    def view(self, view: View) -> FeatureView:
        """Return a view as the project's code sees it."""
        return self.definitions.view(view.name, view.version)

    def settings(self, redis_url: str | None) -> Settings:
        """Return the settings of the project."""
        return Settings(
            project_dir=self.folder,
            target="dev",
            warehouse_path=self.warehouse,
            target_path=self.folder / "target",
            redis_url=redis_url,
            prefix=self.prefix,
        )

    def execute(self, sql: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run SQL in the warehouse."""
        with duckdb.connect(str(self.warehouse)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def serve(self, view: View, rows: Sequence[Sequence[Any]]) -> None:
        """Let a view's snapshot have these current rows, as dbt would: what changed gets an end.

        A row is ids and features; the feature time is given. Each call is a second after the last.

        The values are Python's.
        """
        kinds = [*view.entity.values(), *view.features.values()]
        marks = [f"cast(? as {kind})" for kind in kinds]
        marks.insert(len(view.entity), "timestamp '2026-01-02'")
        table = f"snapshots.{view.served_name}"
        same = " and ".join(
            f"new.{name} is not distinct from old.{name}"
            for name in map(identifier, (*view.entity, *view.features))
        )
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute(
                f"create temp table new as select * exclude (dbt_valid_from, dbt_valid_to) "
                f"from {table} limit 0"
            )
            if rows:
                connection.executemany(
                    f"insert into new values ({', '.join(marks)}, timestamp '2026-01-02')",
                    [list(row) for row in rows],
                )
            [(now,)] = connection.execute(
                "select coalesce(greatest(max(dbt_valid_from), max(dbt_valid_to)) "
                "+ interval 1 second, timestamp '2026-01-02 03:04:05.678') "
                f"from {table}"
            ).fetchall()
            connection.execute(
                f"update {table} as old set dbt_valid_to = ? where dbt_valid_to is null "
                f"and not exists (select 1 from new where {same})",
                [now],
            )
            connection.execute(
                f"insert into {table} select *, ?, null from new where not exists "
                f"(select 1 from {table} as old where dbt_valid_to is null and {same})",
                [now],
            )

    def export(
        self,
        redis_url: str,
        labels: Sequence[str] = (),
        on_rows: Callable[[int], None] = lambda rows: None,
        **options: Any,
    ) -> list[ExportedView]:
        """Export as the script does; ``options`` are those of ``ExportOptions``."""
        progress = ExportProgress()
        progress.rows_sent = lambda _, rows: on_rows(rows)
        wanted = ExportOptions(views=tuple(labels), **options)
        return export_features(self.settings(redis_url), wanted, progress)

    def read(
        self, redis_url: str, entities: Sequence[Mapping[str, Any]], features: Sequence[str]
    ) -> OnlineFeatures:
        """Read features back."""
        with open_online_store(self.settings(redis_url)) as store:
            request = resolve_request(self.definitions, store.keys, features)
            return get_online_features(store, request, entities)

    def run_script(
        self, name: str, redis_url: str | None, *arguments: str
    ) -> CompletedProcess[str]:
        """Run one of the scripts on the project, to its end."""
        return run_script(name, *arguments, environment=tiny_environment(self, redis_url))

    def served(self, view: View) -> list[dict[str, Any]]:
        """Return the current rows of a view's snapshot, as DuckDB gives them, with their zone."""
        columns = ", ".join(map(identifier, (*view.entity, *view.features)))
        with connect(self.warehouse) as connection:
            found = connection.execute(
                f"select {columns} from snapshots.{view.served_name} where dbt_valid_to is null"
            )
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def exported_view(
    folder: Path, view: View, rows: Sequence[Sequence[Any]], redis_url: str, **options: Any
) -> TinyStore:
    """Write a project with one view that has these rows, and export it."""
    store = TinyStore(folder, [view])
    store.serve(view, rows)
    store.export(redis_url, **options)
    return store


def tiny_environment(store: TinyStore, redis_url: str | None) -> dict[str, str]:
    """Return the environment in which the scripts work on a tiny project."""
    return script_environment(
        FEATURE_STORE_PROJECT_DIR=str(store.folder),
        REDIS_URL=redis_url,
        DBT_TARGET=None,
        DBT_TARGET_PATH=None,
        DBT_PROFILES_DIR=None,
    )
