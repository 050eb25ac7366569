"""The metadata.json of a training set: its origin, from which it can be built again."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from feature_store.errors import FeatureStoreError, bullets
from feature_store.historical.join import Join
from feature_store.profiles import DEFAULT_OPERATIONS_SCHEMA
from feature_store.registry.build_status import NodeResult, ancestors
from feature_store.registry.definitions import FeatureDefinitions, FeatureView
from feature_store.registry.manifest import own_packages
from feature_store.training import metadata_fields
from feature_store.training.write import utc_text
from feature_store.warehouse.sql import identifier, rows_of

FILE = "metadata.json"
_JOIN = "point_in_time_join"


def describe_views(
    definitions: FeatureDefinitions,
    join: Join,
    results: dict[str, NodeResult],
    connection: duckdb.DuckDBPyConnection,
) -> list[dict[str, Any]]:
    """Return the metadata of each view: version, definition, build and state of its data."""
    return [
        {
            "view": joined.view.name,
            "version": joined.view.version,
            "unique_id": joined.view.unique_id,
            "definition_hash": joined.view.definition_hash,
            "definition": definition(definitions, joined.view),
            "made_from": lineage(definitions, joined.view.unique_id),
            "max_age": joined.max_age,
            "dbt_invocation_id": results[source_of(joined.view, join.mode)[0]].invocation_id,
            **data_state(connection, joined.view, join.mode),
            "as_of": _as_of(connection, joined.view, definitions.operations_schema),
        }
        for joined in join.views
    ]


def source_of(view: FeatureView, mode: str) -> tuple[str, str]:
    """Return dbt's id and the relation that a mode reads: the snapshot or the feature table."""
    if mode == "as_served" and view.served_id and view.served_relation:
        return view.served_id, view.served_relation
    return view.unique_id, view.relation


def definition(definitions: FeatureDefinitions, view: FeatureView) -> dict[str, Any]:
    """Return a view's declaration, its columns' types and its SQL, as the manifest has them."""
    node = definitions.manifest["nodes"][view.unique_id]
    return {
        "feature_view": node["config"]["meta"]["feature_view"],
        "columns": {name: column.get("data_type") for name, column in node["columns"].items()},
        "sql": node["raw_code"],
    }


def lineage(definitions: FeatureDefinitions, unique_id: str) -> dict[str, str]:
    """Return the checksums of the models, seeds and macros that a node is made from."""
    nodes = definitions.manifest["nodes"]
    made_from = sorted(name for name in ancestors(definitions.manifest, unique_id) if name in nodes)
    macros = [
        macro for name in made_from for macro in nodes[name].get("depends_on", {}).get("macros", [])
    ]
    checksums = {
        name: (nodes[name].get("checksum") or {}).get("checksum", "")
        for name in made_from
        if name != unique_id
    }
    return checksums | macro_checksums(definitions, macros)


def join_macros(definitions: FeatureDefinitions) -> dict[str, str]:
    """Return the checksums of the macros that make the SQL of a join."""
    macros = definitions.manifest.get("macros", {})
    names = (f"macro.{package}.{_JOIN}" for package in own_packages(definitions.manifest))
    return macro_checksums(definitions, [name for name in names if name in macros][:1])


def macro_checksums(definitions: FeatureDefinitions, unique_ids: Iterable[str]) -> dict[str, str]:
    """Return the checksums of the project's and the feature store's macros, and of their calls."""
    macros = definitions.manifest.get("macros", {})
    own = own_packages(definitions.manifest)
    todo, found = [*unique_ids], {}
    while todo:
        name = todo.pop()
        macro = macros.get(name)
        if name in found or macro is None or macro["package_name"] not in own:
            continue
        found[name] = hashlib.sha256(macro["macro_sql"].encode()).hexdigest()
        todo += macro.get("depends_on", {}).get("macros", [])
    return dict(sorted(found.items()))


def data_state(
    connection: duckdb.DuckDBPyConnection, view: FeatureView, mode: str
) -> dict[str, Any]:
    """Return the number of rows of a view, and when the latest of their data was loaded."""
    relation = source_of(view, mode)[1]
    count, known_at = rows_of(
        connection, f"select count(*), max(known_at)::timestamp from {relation}"
    )[0]
    return {"rows": count, "known_at": utc_text(known_at)}


def _as_of(
    connection: duckdb.DuckDBPyConnection,
    view: FeatureView,
    operations_schema: str = DEFAULT_OPERATIONS_SCHEMA,
) -> str | None:
    """Return the time as of which the view was served last, in the order of the runs."""
    try:
        served = rows_of(
            connection,
            f"select as_of from {identifier(operations_schema, 'served_runs')} "
            "where features_id = ? order by rowid desc limit 1",
            [view.unique_id],
        )
    except duckdb.CatalogException:  # built by an earlier version of this project
        served = []
    return utc_text(served[0][0]) if served else None


def git_state(project_dir: Path) -> dict[str, Any] | None:
    """Return the project's git revision and whether files differ from it; None without git."""

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(project_dir), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        # A folder of which the repository around it has no file is not part of it.
        if not git("ls-files", "--", "."):
            return None
        return {
            "revision": git("rev-parse", "HEAD"),
            "is_modified": bool(git("status", "--porcelain", "--", ".")),
        }
    except (OSError, subprocess.CalledProcessError):
        return None


def read_metadata(folder: Path) -> dict[str, Any]:
    """Read the metadata of a training set."""
    path = folder / FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FeatureStoreError(
            f"{folder}: no training set, there is no {FILE}",
            allowed="a folder written by feature-store train",
            next_step="name such a folder, or build the training set",
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise FeatureStoreError(
            f"{path}: cannot be read: {error}", next_step="build the training set again"
        ) from error
    heading, errors = metadata_fields.metadata_errors(content)
    if errors:
        raise FeatureStoreError(
            f"{path}: {heading}{bullets(errors)}",
            next_step="build the training set again with this version of the project",
        )
    return content


def is_metadata(folder: Path) -> bool:
    """Return whether a folder has the metadata of a training set, of any format."""
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and {"content_hash", "feature_views"} <= {*content}


def write_metadata(folder: Path, content: dict[str, Any]) -> None:
    """Write the metadata of a training set."""
    text = json.dumps(content, indent=2, ensure_ascii=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")
