"""Tests that both layouts give the same results, also for packed rows of an older schema."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from feature_store.errors import FeatureStoreError
from feature_store.online.layout.packed import schema_id
from support.projects.every_type import CASES, EVERYTHING, ROWS, exactly
from support.projects.tiny_store import TinyStore, View
from support.servers.redis_server import RedisServer

pytestmark = pytest.mark.slow

HASH = replace(EVERYTHING, name="as_hash", layout="hash")
PACKED = replace(EVERYTHING, name="as_packed", layout="packed")
EXTREMES = View(
    "extremes_hash",
    {"thing_id": "bigint"},
    {f"feature_{n}": data_type for n, data_type in enumerate(CASES)},
)
EXTREMES_PACKED = replace(EXTREMES, name="extremes_packed", layout="packed")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> TinyStore:
    """Return a store with views of the same columns, one in each layout."""
    return TinyStore(tmp_path_factory.mktemp("both"), [HASH, PACKED, EXTREMES, EXTREMES_PACKED])


def results(
    store: TinyStore, shared: RedisServer, views: tuple[View, View], entities: list[Any]
) -> list[list[Any]]:
    """Return the results of each view: times, statuses, values, and the types of the values."""
    found = []
    for view in views:
        read = store.read(shared.unix_url, entities, [view.name])
        values = [[exactly(row[name]) for name in read.columns] for row in read.rows]
        times = [times[view.label] for times in read.feature_times]
        found.append([values, times, [[*row.values()] for row in read.statuses]])
    return found


@settings(max_examples=5, deadline=None, derandomize=True)
@given(rows=ROWS)
def test_random_rows(both: TinyStore, shared: RedisServer, rows: list[Any]):
    for view in (HASH, PACKED):
        both.serve(view, rows)
    both.export(shared.unix_url, [HASH.name, PACKED.name], sample=0)
    entities = [dict(zip(EVERYTHING.entity, row, strict=False)) for row in rows]
    entities.append({"name": "nobody's", "number": 2**127 - 1})
    of_hash, of_packed = results(both, shared, (HASH, PACKED), entities)
    assert of_packed == of_hash
    assert {*of_hash[2][-1]} == {"not_found"}


def test_extreme_values(both: TinyStore, shared: RedisServer):
    most = max(map(len, CASES.values()))
    rows = [(n, *(values[n % len(values)] for values in CASES.values())) for n in range(most)]
    rows.append((most, *(None for _ in CASES)))
    for view in (EXTREMES, EXTREMES_PACKED):
        both.serve(view, rows)
    both.export(shared.unix_url, [EXTREMES.name, EXTREMES_PACKED.name], sample=0)
    entities = [{"thing_id": row[0]} for row in rows]
    of_hash, of_packed = results(both, shared, (EXTREMES, EXTREMES_PACKED), entities)
    assert of_packed == of_hash
    assert {*of_hash[2][0]} == {"present"}
    assert {*of_hash[2][-1]} == {"null"}


@pytest.mark.parametrize("layout", ["hash", "packed"])
def test_decimals_have_their_declared_scale(tmp_path: Path, shared: RedisServer, layout: str):
    """A packed zero is written without it."""
    view = View("sums", {"thing_id": "bigint"}, {"one": "decimal(9,2)"}, layout=layout)
    store = TinyStore(tmp_path, [view])
    store.prefix = layout
    store.serve(view, [(1, Decimal("0.00")), (2, Decimal("1.50"))])
    store.export(shared.unix_url)
    result = store.read(shared.unix_url, [{"thing_id": 1}, {"thing_id": 2}], ["sums"])
    assert [str(value) for value in result.values["sums:one"]] == ["0.00", "1.50"]


OLD = View(
    "things",
    {"thing_id": "bigint"},
    {"gone": "varchar", "kept": "decimal(9,2)", "retyped": "integer", "list": "double[]"},
    layout="packed",
)
NEW = replace(
    OLD,
    features={"added": "bigint", "retyped": "varchar", "kept": "decimal(9,2)", "list": "double[]"},
)
REQUEST = ["things:list", "things:added", "things:kept", "things:retyped"]


@pytest.fixture
def older(tmp_path: Path, shared: RedisServer) -> TinyStore:
    """Return a project whose rows were exported before its features changed."""
    store = TinyStore(tmp_path, [OLD])
    store.prefix = "older"
    store.serve(OLD, [(1, "x", Decimal("1.50"), 7, [0.1, None]), (2, None, None, None, None)])
    for key in shared.db.keys("older*"):
        shared.db.delete(key)
    store.export(shared.unix_url)
    store.declare([NEW])
    return store


def key(number: int) -> str:
    return f"older:{{thing:{number}}}:things:v1"


def test_rows_of_an_older_schema(older: TinyStore, shared: RedisServer):
    """A dropped feature, an added and a retyped one, others at other places; and one new row."""
    new = [schema_id(older.view(NEW)), "2026-01-03T04:05:06Z", 5, "now text", 2.5, []]
    shared.db.set(key(3), json.dumps(new))
    shared.db.config_resetstat()
    result = older.read(shared.unix_url, [{"thing_id": n} for n in (1, 2, 3, 4)], REQUEST)
    calls = shared.calls()
    shared.db.delete(key(3))
    assert [[row[name] for name in REQUEST] for row in result.rows] == [
        [[0.1, None], None, Decimal("1.50"), 7],
        [None] * 4,
        [[], 5, Decimal("2.50"), "now text"],
        [None] * 4,
    ]
    assert str(result.rows[0]["things:kept"]) == "1.50"
    statuses = [{*row.values()} for row in result.statuses]
    assert statuses == [{"present", "null"}, {"null"}, {"present"}, {"not_found"}]
    times = [row["things:v1"] for row in result.feature_times]
    old = datetime(2026, 1, 2, tzinfo=UTC)
    assert times == [old, old, datetime(2026, 1, 3, 4, 5, 6, tzinfo=UTC), None]
    assert (calls["get"], calls["hmget"]) == (4, 1)


def test_the_current_schema_needs_no_second_round_trip(older: TinyStore, shared: RedisServer):
    older.declare([OLD])
    shared.db.config_resetstat()
    older.read(shared.unix_url, [{"thing_id": 1}, {"thing_id": 9}], ["things"])
    assert "hmget" not in shared.calls()


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (None, "its row is of the schema {id}, which no schema key describes"),
        ("no JSON", "the schema {id} of its row cannot be read"),
        ("[]", "the schema {id} of its row cannot be read"),
        ('{"names": ["a"], "types": []}', "the schema {id} of its row cannot be read"),
        ('{"names": ["a"], "types": ["integer"]}', "its row does not fit the schema {id}"),
        ('{"names": ["a"], "types": ["blob"]}', "feature a: type 'blob' cannot be served"),
    ],
)
def test_an_unusable_schema(older: TinyStore, shared: RedisServer, schema: str | None, why: str):
    older.declare([OLD])
    number = schema_id(older.view(OLD))
    older.declare([NEW])
    shared.db.hdel("older:schema:things:v1", str(number))
    if schema is not None:
        shared.db.hset("older:schema:things:v1", str(number), schema)
    with pytest.raises(FeatureStoreError) as caught:
        older.read(shared.unix_url, [{"thing_id": 404}, {"thing_id": 1}], REQUEST)
    assert why.format(id=number) in str(caught.value)


@pytest.mark.parametrize("row", ["", "x", "{}", "[]", "[1", '["1","2026-01-02"]', "1],[2", "null"])
def test_a_value_that_is_not_a_packed_row(older: TinyStore, shared: RedisServer, row: str):
    older.declare([OLD])
    shared.db.set(key(5), row)
    for numbers in ((5,), (1, 5, 2)):
        with pytest.raises(FeatureStoreError) as caught:
            older.read(shared.unix_url, [{"thing_id": n} for n in numbers], ["things"])
        message = f"{key(5)}: {row!r} is not a row of things:v1\nNext: export everything again"
        assert message in str(caught.value)


def test_a_value_and_a_time_that_cannot_be_read(older: TinyStore, shared: RedisServer):
    older.declare([OLD])
    number = schema_id(older.view(OLD))
    for row, message in (
        (f'[{number},"2026-01-02",null,"many",1,null]', "field kept: 'many' cannot be read as dec"),
        (f'[{number},"soon",null,null,1,null]', "field _feature_time: 'soon' cannot be read as t"),
    ):
        shared.db.set(key(5), row)
        with pytest.raises(FeatureStoreError) as caught:
            older.read(shared.unix_url, [{"thing_id": 1}, {"thing_id": 5}], ["things"])
        assert f"{key(5)}, {message}" in str(caught.value)
