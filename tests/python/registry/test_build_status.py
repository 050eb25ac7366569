"""The check that the last dbt build is green, for every kind of result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from feature_store.errors import FeatureStoreError
from feature_store.registry.build_status import (
    NodeResult,
    check_green,
    check_no_failures,
    read_results,
)
from feature_store.warehouse.connection import connect
from support.errors import message_of
from support.projects.history_store import changed_manifest
from support.projects.tiny_store import TinyStore, View

pytestmark = pytest.mark.unit

NEXT = "Next: run dbt build until it is green, then try again"

THINGS = View("things", {"thing_id": "bigint"}, {"a": "integer"})
TABLE, ONLINE, SNAPSHOT = THINGS.ids
TEST = "test.tiny.things_are_unique"
UNIT_TEST = "unit_test.tiny.things.sums"
ASIDE = "model.tiny.aside"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TinyStore]:
    """Return a green project whose feature table has a test and a unit test."""
    made = TinyStore(tmp_path, [THINGS])
    with changed_manifest(made) as manifest:
        for node in (TEST, ASIDE):
            kind, project, name = node.split(".")
            common = {"unique_id": node, "name": name, "fqn": [project, name], "config": {}}
            manifest["nodes"][node] = common | {"resource_type": kind}
        manifest["unit_tests"] = {UNIT_TEST: {"unique_id": UNIT_TEST}}
        manifest["parent_map"] |= {TEST: [TABLE], UNIT_TEST: [TABLE], ASIDE: []}
        manifest["child_map"] |= {TEST: [], UNIT_TEST: [], ASIDE: []}
        manifest["child_map"][TABLE] += [TEST, UNIT_TEST]
    record(made, TEST, "pass")
    return made


def record(
    store: TinyStore,
    node: str,
    status: str,
    message: str | None = None,
    started_at: str = "2026-01-01",
) -> None:
    store.execute(
        "insert or replace into operations.dbt_results values (?, ?, ?, 'invocation', ?)",
        [node, status, message or "", started_at],
    )


def results_of(store: TinyStore) -> dict[str, NodeResult]:
    with connect(store.warehouse) as connection:
        return read_results(connection)


def view_error(store: TinyStore) -> str:
    """Return why the view would not be exported."""
    return message_of(check_green, store.definitions, store.view(THINGS), results_of(store))


def project_error(store: TinyStore) -> str:
    """Return why the project would not be exported."""
    return message_of(check_no_failures, store.definitions, results_of(store))


def test_green(store: TinyStore):
    assert check_green(store.definitions, store.view(THINGS), results_of(store)) == "invocation"
    assert project_error(store) == ""


@pytest.mark.parametrize("status", ["warn", "pass", "no-op", "success"])
def test_statuses_that_are_green(store: TinyStore, status: str):
    record(store, TEST, status)
    record(store, UNIT_TEST, status)
    assert view_error(store) == ""


@pytest.mark.parametrize(
    ("node", "status"),
    [
        (TABLE, "error"),
        (ONLINE, "skipped"),
        (SNAPSHOT, "runtime error"),
        (TABLE, "partial success"),
        (TEST, "fail"),
        (UNIT_TEST, "fail"),
    ],
)
def test_failures(store: TinyStore, node: str, status: str):
    record(store, node, status, "because\n   of this")
    expected = f"  - {node}: {status}: because of this\n{NEXT}"
    assert view_error(store) == f"things:v1: the last dbt build is not green\n{expected}"
    assert project_error(store) == f"the project: the last dbt build is not green\n{expected}"


def test_a_failure_elsewhere_refuses_the_project_but_not_the_view(store: TinyStore):
    record(store, ASIDE, "error", "x" * 1000)
    assert view_error(store) == ""
    assert f"  - {ASIDE}: error: {'x' * 300}…\n" in project_error(store)


def test_results_of_removed_nodes_are_ignored(store: TinyStore):
    record(store, "model.tiny.gone", "error")
    assert project_error(store) == ""


@pytest.mark.parametrize("node", [TABLE, ONLINE, SNAPSHOT, TEST])
def test_a_node_that_has_never_run(store: TinyStore, node: str):
    store.execute("delete from operations.dbt_results where unique_id = ?", [node])
    assert f"  - {node}: has never run\n{NEXT}" in view_error(store)
    assert project_error(store) == ""


def test_a_run_that_did_not_end(store: TinyStore):
    record(store, ONLINE, "started", "dbt run", "2026-01-01 02:03:04.5")
    error = f"  - {ONLINE}: dbt run, begun at 2026-01-01 02:03:04 UTC, did not end"
    assert error in view_error(store)
    assert error in project_error(store)


@pytest.mark.parametrize(("parent", "children"), [(TABLE, [ONLINE, TEST]), (ONLINE, [SNAPSHOT])])
def test_a_node_older_than_its_parent(store: TinyStore, parent: str, children: list[str]):
    record(store, parent, "success", started_at="2026-01-02")
    for child in children:
        assert f"  - {child}: has not run since {parent} was built again" in view_error(store)
    assert view_error(store).count("has not run since") == len(children)


def test_a_node_older_than_its_parent_behind_an_ephemeral_model(store: TinyStore):
    base, between = "model.tiny.base", "model.tiny.between"
    with changed_manifest(store) as manifest:
        for node, materialized in ((base, "table"), (between, "ephemeral")):
            parts = {"unique_id": node, "name": node, "fqn": ["tiny", node.split(".")[-1]]}
            common = parts | {"resource_type": "model"}
            manifest["nodes"][node] = common | {"config": {"materialized": materialized}}
        manifest["parent_map"] |= {TABLE: [between], between: [base], base: []}
        manifest["child_map"] |= {between: [TABLE], base: [between]}
    record(store, base, "success")
    assert view_error(store) == ""
    record(store, base, "success", started_at="2026-01-02")
    assert f"  - {TABLE}: has not run since {base} was built again\n{NEXT}" in view_error(store)


def test_only_the_first_errors_are_listed(store: TinyStore):
    tests = [f"test.tiny.number_{n}" for n in range(9)]
    with changed_manifest(store) as manifest:
        manifest["child_map"][TABLE] += tests
    lines = view_error(store).splitlines()
    assert lines[1:6] == [f"  - {test}: has never run" for test in tests[:5]]
    assert lines[6:] == ["  - … and 4 more", NEXT]


def test_a_view_without_a_snapshot(store: TinyStore):
    with changed_manifest(store) as manifest:
        manifest["child_map"][ONLINE] = []
    assert view_error(store) == (
        "things:v1: has no snapshot of served rows\nNext: add the model online_things_v1 "
        "and the snapshot served_things_v1"
    )


def test_a_warehouse_that_dbt_has_not_built(tmp_path: Path):
    path = tmp_path / "empty.duckdb"
    with pytest.raises(FeatureStoreError, match="there is no warehouse yet"):
        connect(path)
    duckdb.connect(str(path)).close()
    with connect(path) as connection:
        error = message_of(read_results, connection)
    assert error == "dbt has not built anything in this warehouse\nNext: run dbt build"
