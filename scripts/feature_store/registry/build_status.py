"""Checks that the last dbt builds left a feature view green: built, tested since, snapshotted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from feature_store.display import shortened
from feature_store.errors import FeatureStoreError, bullets
from feature_store.profiles import DEFAULT_OPERATIONS_SCHEMA
from feature_store.registry.definitions import FeatureDefinitions, FeatureView
from feature_store.warehouse.sql import identifier, rows_of

_GREEN = {"success", "pass", "warn", "no-op"}
_BUILD = "run dbt build until it is green, then try again"
_BUILT = ("model", "seed", "snapshot")
_TESTS = ("test", "unit_test")
#: The most errors that are listed, and the most characters of dbt's message on each.
_LISTED, _MESSAGE = 5, 300


@dataclass(frozen=True)
class NodeResult:
    """The result of a dbt node's last run, and the start of that dbt command (UTC).

    The status is dbt's, or ``started`` where the command did not end.
    """

    status: str
    message: str
    invocation_id: str
    started_at: datetime


def read_results(
    connection: duckdb.DuckDBPyConnection, operations_schema: str = DEFAULT_OPERATIONS_SCHEMA
) -> dict[str, NodeResult]:
    """Return the last result of every node, by unique id."""
    try:
        rows = rows_of(
            connection,
            "select unique_id, status, message, invocation_id, started_at "
            f"from {identifier(operations_schema, 'dbt_results')}",
        )
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise FeatureStoreError(
            "dbt has not built anything in this warehouse", next_step="run dbt build"
        ) from error
    return {row[0]: NodeResult(*row[1:]) for row in rows}


def check_no_failures(definitions: FeatureDefinitions, results: dict[str, NodeResult]) -> None:
    """Check that the last run of every node of the project passed, or passed with a warning.

    A node that has never run is no failure here; :func:`check_green` is stricter about a view.
    """
    nodes = {*definitions.manifest["nodes"], *definitions.manifest.get("unit_tests", {})}
    failures = [_failure(node, results[node]) for node in sorted(nodes & {*results})]
    _raise_errors("the project", [failure for failure in failures if failure])


def check_green(
    definitions: FeatureDefinitions, view: FeatureView, results: dict[str, NodeResult]
) -> str:
    """Check that everything a view is served from is built, tested since then, and passed.

    Returns:
        The dbt invocation that took the served snapshot.

    Raises:
        FeatureStoreError: something failed, was skipped, never ran, did not end, or is
            older than what it depends on; names the first five nodes.
    """
    if not view.served_id:
        raise FeatureStoreError(
            f"{view.label}: has no snapshot of served rows",
            next_step=f"add the model online_{view.name}_v{view.version} and "
            f"the snapshot served_{view.name}_v{view.version}",
        )
    check_built(definitions, view.label, view.served_id, results)
    return results[view.served_id].invocation_id


def check_built(
    definitions: FeatureDefinitions, what: str, unique_id: str, results: dict[str, NodeResult]
) -> None:
    """Check that a node and all that it is made from is built, tested since then, and passed."""
    manifest = definitions.manifest
    lineage = ancestors(manifest, unique_id)
    built = {node for node in lineage if _is_built(manifest, node)}
    tests = {
        test
        for node in lineage
        for test in manifest["child_map"].get(node, [])
        if test.startswith(_TESTS)
    }
    errors = []
    for node in sorted(built | tests):
        result = results.get(node)
        if result is None:
            # Unit tests are often left out of a build on production data.
            if not node.startswith("unit_test."):
                errors.append(f"{node}: has never run")
            continue
        newer = [
            parent
            for parent in sorted(_built_parents(manifest, node) & built)
            if _is_newer(results.get(parent), result)
        ]
        if failure := _failure(node, result):
            errors.append(failure)
        elif newer and not node.startswith("unit_test."):
            errors.append(f"{node}: has not run since {newer[0]} was built again")
    _raise_errors(what, errors)


def check_declared(
    connection: duckdb.DuckDBPyConnection,
    definitions: FeatureDefinitions,
    views: Iterable[FeatureView],
) -> None:
    """Check that feature tables were built from the declarations that the manifest has.

    Every dbt command rewrites the manifest, ``dbt parse`` too, before anything is built.
    """
    try:
        built = dict(
            rows_of(
                connection,
                "select unique_id, declaration "
                f"from {identifier(definitions.operations_schema, 'view_builds')}",
            )
        )
    except (duckdb.CatalogException, duckdb.BinderException):
        return  # built by an earlier version of this project, which kept no record
    for view in views:
        node = definitions.manifest["nodes"][view.unique_id]
        declared = json.dumps(node["config"]["meta"]["feature_view"], sort_keys=True)
        text = declared + node["raw_code"]
        if built.get(view.unique_id) not in (None, hashlib.md5(text.encode()).hexdigest()):
            raise FeatureStoreError(
                f"{view.label}: its definition was changed since dbt built it",
                next_step="run dbt build, then try again",
            )


def ancestors(manifest: dict[str, Any], unique_id: str) -> set[str]:
    """Return the ids of a node and of all that it is made from."""
    found: set[str] = set()
    todo = [unique_id]
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            todo.extend(manifest["parent_map"].get(node, []))
    return found


def _built_parents(manifest: dict[str, Any], unique_id: str) -> set[str]:
    """Return what a node reads from the warehouse, looking through ephemeral models."""
    found: set[str] = set()
    for parent in manifest["parent_map"].get(unique_id, []):
        is_built = _is_built(manifest, parent)
        found |= {parent} if is_built else _built_parents(manifest, parent)
    return found


def _is_built(manifest: dict[str, Any], unique_id: str) -> bool:
    if not unique_id.startswith(_BUILT):
        return False
    # An ephemeral model is a part of the ones that use it.
    config = manifest["nodes"].get(unique_id, {}).get("config", {})
    return config.get("materialized") != "ephemeral"


def _is_newer(parent: NodeResult | None, child: NodeResult) -> bool:
    return parent is not None and parent.started_at > child.started_at


def _failure(unique_id: str, result: NodeResult) -> str | None:
    if result.status in _GREEN:
        return None
    if result.status == "started":
        return (
            f"{unique_id}: {result.message}, begun at {result.started_at:%Y-%m-%d %H:%M:%S} UTC, "
            "did not end"
        )
    message = shortened(" ".join((result.message or "").split()), _MESSAGE)
    return f"{unique_id}: {result.status}" + (f": {message}" if message else "")


def _raise_errors(what: str, errors: list[str]) -> None:
    errors = sorted(errors, key=lambda error: error.endswith(": skipped"))
    if errors:
        raise FeatureStoreError(
            f"{what}: the last dbt build is not green{bullets(errors, _LISTED)}", next_step=_BUILD
        )
