"""A copy of a dbt project in which each feature view can be compiled before it is complete.

The copy is made of links. Feature views have no contract, columns, tests and snapshots of their own
in it, and their one-line models are there, so dbt can compile what the project cannot parse yet.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import yaml

from feature_store.authoring.types import described_types
from feature_store.authoring.views import ONE_LINE, Project, View
from feature_store.dbt.connection import connect_as_dbt
from feature_store.dbt.project import DbtProject
from feature_store.errors import FeatureStoreError
from feature_store.profiles import profiles_dir_of
from feature_store.registry.manifest import is_in_warehouse, relation_of
from feature_store.settings import Settings
from feature_store.warehouse.connection import connect
from feature_store.warehouse.errors import first_line

_DROPPED = ("columns", "data_tests", "tests", "unit_tests", "latest_version")


@dataclass(frozen=True)
class Compiled:
    """What dbt and the warehouse say of the feature views.

    Attributes:
        types: SQL types by column, by name of the SQL file.
        materialized: of the one-line models, by name of the SQL file.
        docs: names of the project's doc blocks.
        packages: names of the project's dbt packages.
        materializations: names of the materializations that dbt knows.
        snapshots_elsewhere: names of the snapshots outside of the YAML files of models.
        snapshot_config: the strategy of a snapshot of what was served.
        complete: the columns of the events that are tested for nulls, by name of the SQL file.
    """

    types: Mapping[str, Mapping[str, str]]
    materialized: Mapping[str, str]
    docs: frozenset[str]
    packages: frozenset[str]
    materializations: frozenset[str]
    snapshots_elsewhere: frozenset[str]
    snapshot_config: Mapping[str, str]
    complete: Mapping[str, frozenset[str]] = field(default_factory=dict)


def compile_views(
    project: Project,
    settings: Settings,
    target: str | None,
    views: list[View],
    all_views: list[View],
    sql: Mapping[Path, str],
) -> Compiled:
    """Compile some feature views, and ask the warehouse for the types of their columns.

    ``all_views`` are those of the whole project; ``sql`` holds files that the copy has in place of
    the project's, by path.

    Raises:
        FeatureStoreError: dbt cannot read the project, a declaration is wrong, or a table that a
            view reads is missing in the warehouse.
    """
    names = [view.sql_name(version) for view in views for version in view.versions]
    with _draft(project, settings, all_views, sql) as folder:
        dbt = DbtProject(
            replace(settings, project_dir=folder, target_path=folder / "target_of_draft"),
            target,
            profiles_dir=profiles_dir_of(settings.project_dir),
            log_path=settings.target_path / "authoring",
            working_dir=settings.project_dir,
        )
        manifest = dbt.manifest
        nodes = {_file_name(node): node for node in manifest.nodes.values() if _is_model(node)}
        wanted = {name: nodes[name] for name in names if name in nodes}
        if missing := sorted({*names} - {*wanted}):
            raise FeatureStoreError(
                f"{', '.join(missing)}: dbt finds no enabled model",
                next_step=f"write {missing[0]}.sql, or enable the model",
            )
        root = manifest.metadata.project_name
        with connect_to(settings, wanted, manifest) as connection:
            _check_parents(connection, manifest, wanted)
        code = dbt.compile([f"path:{node.original_file_path}" for node in wanted.values()])
        with connect_as_dbt(settings) as connection:
            types = {
                name: described_types(connection, code[node.unique_id], name)
                for name, node in wanted.items()
            }
        return Compiled(
            types,
            {
                name: node.config.materialized
                for name, node in nodes.items()
                if ONE_LINE.fullmatch(node.raw_code)
            },
            frozenset(doc.name for doc in manifest.docs.values() if doc.package_name == root),
            frozenset(macro.package_name for macro in manifest.macros.values()),
            frozenset(
                macro.name.removeprefix("materialization_").rsplit("_", 1)[0]
                for macro in manifest.macros.values()
                if macro.name.startswith("materialization_")
            ),
            frozenset(
                node.name
                for node in manifest.nodes.values()
                if node.resource_type == "snapshot"
                and project.folder / node.original_file_path not in project.texts
            ),
            _snapshot_config(manifest),
            {name: _complete_columns(manifest, node) for name, node in wanted.items()},
        )


def _complete_columns(manifest: Any, node: Any) -> frozenset[str]:
    """Return the columns, in lower case, that a model's only parent has no nulls in.

    A data test or a constraint says so.
    """
    parents = {one.unique_id: one for one in _parents(manifest, node)}
    if len(parents) != 1:
        return frozenset()
    [(unique_id, parent)] = parents.items()
    contract = getattr(parent.config, "contract", None)
    # Only a table's constraints are enforced, by its contract.
    is_enforced = contract is not None and contract.enforced
    is_enforced = is_enforced and parent.config.materialized not in ("view", "ephemeral")
    found = {
        column.name
        for column in (parent.columns.values() if is_enforced else ())
        if any(
            str(getattr(one.type, "value", one.type)) == "not_null" for one in column.constraints
        )
    }
    for test in manifest.nodes.values():
        metadata = getattr(test, "test_metadata", None)
        if metadata is not None and metadata.name == "not_null" and metadata.namespace is None:
            of_parent = unique_id in test.depends_on.nodes and not test.config.where
            how = (test.config.severity.lower(), test.config.error_if, test.config.fail_calc)
            if of_parent and how == ("error", "!= 0", "count(*)"):
                found.add(str(metadata.kwargs.get("column_name")))
    return frozenset(name.strip('"').lower() for name in found)


def _snapshot_config(manifest: Any) -> dict[str, str]:
    names = {macro.name for macro in manifest.macros.values()}
    if "snapshot_exact_check_strategy" in names:
        return {"strategy": "feature_store.exact_check", "check_cols": "all"}
    return {"strategy": "check", "check_cols": "all"}


@contextmanager
def connect_to(
    settings: Settings, wanted: Mapping[str, Any], manifest: Any
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse; it must exist where tables are in it, of which types are asked."""
    if not settings.warehouse_path.exists():
        parents = [parent for node in wanted.values() for parent in _parents(manifest, node)]
        built = sorted({f"+{one.name}" for one in parents if one.resource_type != "source"})
        sources = [one for one in parents if one.resource_type == "source"]
        loaded = sorted({_label(one) for one in sources if is_in_warehouse(one.to_dict())})
        if built or loaded:
            raise FeatureStoreError(
                f"{settings.warehouse_path}: there is no warehouse yet, of which the types of "
                "columns are asked",
                next_step=f"load {', '.join(loaded)}" * bool(loaded)
                + ", then " * bool(loaded and built)
                + f"dbt build -s {' '.join(built)}" * bool(built),
            )
        connect(settings.warehouse_path, read_only=False).close()
    with connect_as_dbt(settings) as connection:
        yield connection


def _check_parents(
    connection: duckdb.DuckDBPyConnection, manifest: Any, wanted: Mapping[str, Any]
) -> None:
    for name, node in wanted.items():
        for parent in _parents(manifest, node):
            relation = relation_of(parent.to_dict())
            try:
                connection.execute(f"describe select * from {relation}")
            except duckdb.Error as error:
                is_source = parent.resource_type == "source"
                is_missing = isinstance(error, duckdb.CatalogException)
                said = (
                    f"{relation} is not in the warehouse"
                    if is_missing
                    else f"{relation} cannot be read: {first_line(error)}"
                )
                raise FeatureStoreError(
                    f"{name} reads {_label(parent)}, and {said}",
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


def _is_model(node: Any) -> bool:
    return node.resource_type == "model"


def _file_name(node: Any) -> str:
    return Path(node.original_file_path).stem


@contextmanager
def _draft(
    project: Project, settings: Settings, views: list[View], sql: Mapping[Path, str]
) -> Iterator[Path]:
    """Make the copy in a folder of its own, and remove it at the end."""
    base = settings.target_path / "authoring"
    try:
        base.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="draft_", dir=base))
    except OSError as error:
        raise FeatureStoreError(
            f"{base}: cannot be written: {error.strerror}",
            next_step="let this user write it, or set DBT_TARGET_PATH to another folder",
        ) from error
    try:
        _link(project, project.folder, folder)
        for view in views:
            text = project.texts[view.path]
            _write(project, folder, view.path, _without_contracts(text.root.value))
        for path, line in sql.items():
            _write(project, folder, path, line)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _link(project: Project, source: Path, folder: Path) -> None:
    """Make a folder like another one: of links, and of folders where files are written."""
    folder.mkdir(exist_ok=True)
    for entry in source.iterdir():
        is_made = any(
            path.is_relative_to(entry) or entry.is_relative_to(path) for path in project.model_paths
        )
        if entry.name in (".git", ".venv"):
            continue
        if is_made and entry.is_dir() and not project.is_generated(entry):
            _link(project, entry, folder / entry.name)
        else:
            os.symlink(entry, folder / entry.name)


def _write(project: Project, folder: Path, path: Path, content: Any) -> None:
    place = folder / path.relative_to(project.folder)
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.parent.resolve().is_relative_to(folder.resolve()):
        raise FeatureStoreError(  # it would be written in the project itself
            f"{project.label(path)}: its folder is not under model-paths",
            next_step="move it below a folder of model-paths in dbt_project.yml",
        )
    place.unlink(missing_ok=True)
    text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
    place.write_text(text, encoding="utf-8")


def _without_contracts(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a YAML file without what is to be completed."""
    kept = {key: value for key, value in content.items() if key not in _DROPPED}
    kept["models"] = [_model(model) for model in content.get("models") or []]
    return kept


def _model(model: Any) -> Any:
    if not isinstance(model, dict):
        return model
    is_of_view = any(
        "feature_view" in (((part.get("config") or {}).get("meta")) or {})
        for part in (model, *(model.get("versions") or []))
        if isinstance(part, dict) and isinstance(part.get("config") or {}, dict)
    )
    if not is_of_view:
        return model
    kept = {key: value for key, value in model.items() if key not in _DROPPED}
    kept["config"] = {**(kept.get("config") or {}), "contract": {"enforced": False}}
    if "versions" in kept:
        kept["versions"] = [
            {key: value for key, value in version.items() if key not in _DROPPED}
            for version in kept["versions"] or []
        ]
    if "versions" in kept and "latest_version" in model:
        kept["latest_version"] = model["latest_version"]
    return kept
