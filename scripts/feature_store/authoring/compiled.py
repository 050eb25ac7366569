"""What dbt and the warehouse say of feature views that are not complete yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from feature_store.authoring.draft import draft
from feature_store.authoring.project_files import Project
from feature_store.authoring.types import described_types
from feature_store.authoring.views import ONE_LINE, View
from feature_store.dbt.connection import connect_as_dbt
from feature_store.dbt.project import DbtProject
from feature_store.errors import FeatureStoreError
from feature_store.profiles import profiles_dir_of
from feature_store.registry.manifest import is_in_warehouse, relation_of
from feature_store.settings import Settings
from feature_store.warehouse.connection import connect
from feature_store.warehouse.errors import first_line


@dataclass(frozen=True)
class Compiled:
    """What dbt and the warehouse say of the feature views.

    Attributes:
        types: SQL types by column, by name of the SQL file.
        materialized: of the one-line models, by name of the SQL file.
        docs: names of the project's doc blocks.
        packages: names of the project's dbt packages.
        snapshots_in_sql: names of the snapshots that are written in SQL files.
        without_nulls: the columns of the events, in lower case, that are tested for nulls, by name
            of the SQL file.
    """

    types: Mapping[str, Mapping[str, str]]
    materialized: Mapping[str, str] = field(default_factory=dict)
    docs: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset()
    snapshots_in_sql: frozenset[str] = frozenset()
    without_nulls: Mapping[str, frozenset[str]] = field(default_factory=dict)


def compile_views(
    project: Project,
    settings: Settings,
    target: str | None,
    views: list[View],
    all_views: list[View],
    sql: Mapping[Path, str],
) -> Compiled:
    """Compile some feature views, and ask the warehouse for the types of their columns.

    Args:
        project: the files of the project.
        settings: its settings.
        target: the target of profiles.yml.
        views: the views to compile.
        all_views: those of the whole project.
        sql: files that are compiled in place of the project's, by path.

    Raises:
        FeatureStoreError: dbt cannot read the project, a declaration is wrong, or a table that a
            view reads is missing in the warehouse.
    """
    with draft(project, settings, all_views, sql) as folder:
        dbt = DbtProject(
            replace(settings, project_dir=folder, target_path=folder / "target_of_draft"),
            target,
            profiles_dir=profiles_dir_of(settings.project_dir),
            log_path=settings.target_path / "authoring",
            working_dir=settings.project_dir,
        )
        manifest = dbt.manifest
        nodes = _models_of(manifest, views)
        _check_warehouse(settings, manifest, nodes)
        with connect_as_dbt(settings) as connection:
            _check_parents(connection, manifest, nodes)
        code = dbt.compile([f"path:{node.original_file_path}" for node in nodes.values()])
        with connect_as_dbt(settings) as connection:
            types = {
                name: described_types(connection, code[node.unique_id], name)
                for name, node in nodes.items()
            }
    root = manifest.metadata.project_name
    all_nodes = manifest.nodes.values()
    return Compiled(
        types=types,
        materialized={
            name: node.config.materialized
            for name, node in nodes.items()
            if ONE_LINE.fullmatch(node.raw_code)
        },
        docs=frozenset(doc.name for doc in manifest.docs.values() if doc.package_name == root),
        packages=frozenset(macro.package_name for macro in manifest.macros.values()),
        snapshots_in_sql=frozenset(
            node.name
            for node in all_nodes
            if node.resource_type == "snapshot" and node.original_file_path.endswith(".sql")
        ),
        without_nulls={
            name: _columns_without_nulls(manifest, node) for name, node in nodes.items()
        },
    )


def _models_of(manifest: Any, views: list[View]) -> dict[str, Any]:
    """Return dbt's nodes of some views by name of the SQL file."""
    names = [view.sql_name(version) for view in views for version in view.versions]
    models = {
        Path(node.original_file_path).stem: node
        for node in manifest.nodes.values()
        if node.resource_type == "model"
    }
    if missing := sorted({*names} - {*models}):
        raise FeatureStoreError(
            f"{', '.join(missing)}: dbt finds no enabled model",
            next_step=f"write {missing[0]}.sql, or enable the model",
        )
    return {name: models[name] for name in names}


def _columns_without_nulls(manifest: Any, node: Any) -> frozenset[str]:
    """Return the columns, in lower case, that a model's only parent has no nulls in.

    A data test or an enforced constraint says so.
    """
    parents = {one.unique_id: one for one in _parents(manifest, node)}
    if len(parents) != 1:
        return frozenset()
    [(unique_id, parent)] = parents.items()
    found = _constrained_columns(parent)
    for test in manifest.nodes.values():
        metadata = getattr(test, "test_metadata", None)
        if metadata is not None and metadata.name == "not_null" and metadata.namespace is None:
            how = (test.config.severity.lower(), test.config.error_if, test.config.fail_calc)
            fails_for_any = how == ("error", "!= 0", "count(*)") and not test.config.where
            if fails_for_any and unique_id in test.depends_on.nodes:
                found.add(str(metadata.kwargs.get("column_name")))
    return frozenset(name.strip('"').lower() for name in found)


def _constrained_columns(node: Any) -> set[str]:
    """Return the columns that a constraint keeps nulls out of: only tables with a contract do."""
    contract = getattr(node.config, "contract", None)
    if not contract or not contract.enforced or node.config.materialized in ("view", "ephemeral"):
        return set()
    return {
        column.name
        for column in node.columns.values()
        if any(
            str(getattr(one.type, "value", one.type)) == "not_null" for one in column.constraints
        )
    }


def _check_warehouse(settings: Settings, manifest: Any, nodes: Mapping[str, Any]) -> None:
    """Refuse a missing warehouse; make it where all events are in files or in other databases."""
    if settings.warehouse_path.exists():
        return
    parents = [parent for node in nodes.values() for parent in _parents(manifest, node)]
    sources = [one for one in parents if one.resource_type == "source"]
    built = sorted({f"+{one.name}" for one in parents if one not in sources})
    loaded = sorted({_label(one) for one in sources if is_in_warehouse(one.to_dict())})
    steps = [f"load {', '.join(loaded)}"] if loaded else []
    steps += [f"dbt build -s {' '.join(built)}"] if built else []
    if steps:
        raise FeatureStoreError(
            f"{settings.warehouse_path}: there is no warehouse yet, of which the types of columns "
            "are asked",
            next_step=", then ".join(steps),
        )
    connect(settings.warehouse_path, read_only=False).close()


def _check_parents(
    connection: duckdb.DuckDBPyConnection, manifest: Any, nodes: Mapping[str, Any]
) -> None:
    for name, node in nodes.items():
        for parent in _parents(manifest, node):
            relation = relation_of(parent.to_dict())
            try:
                connection.execute(f"describe select * from {relation}")
            except duckdb.Error as error:
                is_source = parent.resource_type == "source"
                said = (
                    "is not in the warehouse"
                    if isinstance(error, duckdb.CatalogException)
                    else f"cannot be read: {first_line(error)}"
                )
                raise FeatureStoreError(
                    f"{name} reads {_label(parent)}, and {relation} {said}",
                    next_step="load it" if is_source else f"dbt build -s +{parent.name}",
                ) from error


def _parents(manifest: Any, node: Any) -> list[Any]:
    found = [manifest.nodes.get(key) or manifest.sources.get(key) for key in node.depends_on.nodes]
    return [
        parent
        for parent in found
        if parent is not None and getattr(parent.config, "materialized", "") != "ephemeral"
    ]


def _label(node: Any) -> str:
    return f"{node.source_name}.{node.name}" if node.resource_type == "source" else node.name
