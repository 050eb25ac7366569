"""Tests that every exported value is read back equal, and of the same type."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from feature_store.errors import FeatureStoreError
from support.projects.every_type import CASES, EVERYTHING, ROWS, exactly, expected
from support.projects.tiny_store import TinyStore, View, exported_view
from support.servers.redis_server import RedisServer

pytestmark = pytest.mark.slow


def assert_equal(store: TinyStore, shared: RedisServer, view: View) -> None:
    """Compare every feature of every row online with the warehouse."""
    served = store.served(view)
    entities = [{name: row[name] for name in view.entity} for row in served]
    result = store.read(shared.unix_url, entities, [view.name])
    for row, read, times in zip(served, result.rows, result.feature_times, strict=True):
        assert times == {view.label: datetime(2026, 1, 2, tzinfo=UTC)}
        for feature in view.features:
            assert exactly(read[f"{view.name}:{feature}"]) == exactly(expected(row[feature]))


@pytest.fixture(scope="module")
def extremes(tmp_path_factory: pytest.TempPathFactory, shared: RedisServer) -> TinyStore:
    """Return a store with a view of each type, which was exported."""
    views = {data_type: view_of(data_type) for data_type in CASES}
    store = TinyStore(tmp_path_factory.mktemp("extremes"), [*views.values()])
    for data_type, view in views.items():
        values = [*CASES[data_type], None]
        store.serve(view, [(n, value, values[n - 1]) for n, value in enumerate(values)])
    store.export(shared.unix_url)
    return store


def view_of(data_type: str) -> View:
    position = [*CASES].index(data_type)
    return View(f"view_{position}", {"thing_id": "bigint"}, {"one": data_type, "other": data_type})


@pytest.mark.parametrize("data_type", CASES)
def test_extreme_values_read_back_equal(extremes: TinyStore, shared: RedisServer, data_type: str):
    assert_equal(extremes, shared, view_of(data_type))


@settings(max_examples=20, deadline=None, derandomize=True)
@given(rows=ROWS)
def test_random_rows_read_back_equal(everything: TinyStore, shared: RedisServer, rows: list[Any]):
    everything.serve(EVERYTHING, rows)
    everything.export(shared.unix_url)
    assert_equal(everything, shared, EVERYTHING)


@pytest.mark.parametrize(
    "data_type", ["blob", "interval", "time", "nosuch", "", "integer[", "json[]"]
)
def test_a_type_that_cannot_be_served_is_refused_before_anything_is_sent(
    tmp_path: Path, shared: RedisServer, data_type: str
):
    good = View("agood", {"thing_id": "bigint"}, {"value": "integer"})
    bad = View("bad", {"thing_id": "bigint"}, {"value": "varchar"})
    store = TinyStore(tmp_path, [good, bad])
    store.serve(good, [(1, 2)])
    store.declare([good, View("bad", {"thing_id": "bigint"}, {"value": data_type})])
    before = shared.db.dbsize()
    with pytest.raises(FeatureStoreError, match=r"feature value: type .* cannot be served"):
        store.export(shared.unix_url)
    assert shared.db.dbsize() == before


def test_json_is_parsed(tmp_path: Path, shared: RedisServer):
    view = View("parsed", {"thing_id": "bigint"}, {"value": "json"})
    store = exported_view(
        tmp_path, view, [(1, '{"a": [1, 2.5, null, "é"]}'), (2, None)], shared.unix_url
    )
    result = store.read(shared.unix_url, [{"thing_id": 1}, {"thing_id": 2}], ["parsed:value"])
    values = [row["parsed:value"] for row in result.rows]
    assert values == [{"a": [1, 2.5, None, "é"]}, None]
