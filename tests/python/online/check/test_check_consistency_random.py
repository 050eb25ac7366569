"""Tests that the check finds exactly the random damage of random rows."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feature_store.online.layout.keys import KeySpace
from support.projects.checked_things import check, found, key_of
from support.projects.every_type import CASES, EVERYTHING, ROWS, exactly, expected
from support.projects.things_store import THINGS
from support.projects.tiny_store import TinyStore, View, exported_view
from support.servers.redis_server import RedisServer

pytestmark = pytest.mark.slow

OLD, NEW = "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"
#: What can happen to a thing: its kind, the columns that differ, and a command for its key.
DAMAGE: dict[str, tuple[str | None, list[str], tuple[Any, ...]]] = {
    "nothing": (None, [], ()),
    "read": (None, [], ("hgetall",)),
    "deleted": ("missing", [], ("del",)),
    "other value": ("different", ["a"], ("hset", "a", "-7")),
    "no value": ("different", ["b"], ("hdel", "b")),
    "two values": ("different", ["a", "b"], ("hset", "a", "-1", "b", "-1")),
    "unreadable": ("different", ["a"], ("hset", "a", "1.5")),
    "no text": ("different", ["b"], ("hset", "b", b"\xfe")),
    "foreign": ("different", ["(foreign field)"], ("hset", "c", "1")),
    "endless": ("different", ["(TTL)"], ("persist",)),
    "later": ("different", ["_feature_time"], ("hset", "_feature_time", NEW)),
    "earlier": ("stale", [], ("hset", "_feature_time", OLD)),
    "other type": ("different", ["(row)"], ("set", "1")),
    # In the warehouse, after the export:
    "changed": ("stale", [], ()),
    "left": ("orphaned", [], ()),
    "left and deleted": (None, [], ("del",)),
}


@settings(max_examples=15, deadline=None, derandomize=True)
@given(done=st.lists(st.sampled_from([*DAMAGE]), min_size=1, max_size=25))
def test_random_damage_is_found_exactly(things: TinyStore, shared: RedisServer, done: list[str]):
    rows = [(n, n, f"text {n}") for n in range(len(done))]
    things.execute("delete from snapshots.served_things_v1")
    things.serve(THINGS, rows)
    shared.db.flushall()
    things.export(shared.unix_url)
    for n, what in enumerate(done):
        if command := DAMAGE[what][2]:
            shared.call(command[0], key_of(n), *command[1:])
    after = {"changed": lambda row: [(row[0], -row[0] - 1, row[2])]}
    after |= dict.fromkeys(("left", "left and deleted"), lambda row: [])
    changed = [
        after.get(what, lambda row: [row])(row) for row, what in zip(rows, done, strict=True)
    ]
    things.serve(THINGS, [row for some in changed for row in some])

    checked = check(things, shared, sample=None)
    left = sum(what.startswith("left") for what in done)
    assert (checked.checked, checked.removed) == (len(done) - left, left)
    assert found(checked) == Counter(DAMAGE[what][0] for what in done if DAMAGE[what][0])
    assert checked.columns == Counter(column for what in done for column in DAMAGE[what][1])
    assert len(checked.examples) == min(5, checked.mismatches)
    for example in checked.examples:
        assert DAMAGE[done[int(example.key.split(":")[2].rstrip("}"))]][0] == example.kind


@settings(max_examples=15, deadline=None, derandomize=True)
@given(rows=ROWS, data=st.data())
def test_values_of_every_type_are_compared_exactly(
    everything: TinyStore, shared: RedisServer, rows: list[Any], data: st.DataObject
):
    """A cell gets the text of another row's; it differs where the values do, -0.0 from 0.0 too."""
    everything.execute(f"delete from snapshots.{EVERYTHING.served_name}")
    everything.serve(EVERYTHING, rows)
    shared.db.flushall()
    everything.export(shared.unix_url)
    assert found(check(everything, shared, EVERYTHING)) == {}

    feature = data.draw(st.sampled_from([*EVERYTHING.features]))
    here, there = (data.draw(st.integers(0, len(rows) - 1)) for _ in range(2))
    served = everything.served(EVERYTHING)
    view = everything.view(EVERYTHING)
    key_here, key_there = (
        KeySpace("fs").entity(view, [served[n][name] for name in EVERYTHING.entity])
        for n in (here, there)
    )
    text = shared.db.hget(key_there, feature)
    if text is None:
        shared.db.hdel(key_here, feature)
    else:
        shared.db.hset(key_here, feature, text)
    differ = exactly(expected(served[here][feature])) != exactly(expected(served[there][feature]))
    checked = check(everything, shared, EVERYTHING)
    assert found(checked) == ({"different": 1} if differ else {})
    assert checked.columns == ({feature: 1} if differ else {})
    assert [example.key for example in checked.examples] == ([key_here] if differ else [])


def test_extreme_values_of_every_type_are_found_equal(tmp_path: Path, shared: RedisServer):
    view = View("all", {"n": "bigint"}, {f"f{n}": kind for n, kind in enumerate(CASES)})
    longest = max(map(len, CASES.values()))
    columns = [values + [None] * (longest - len(values)) for values in CASES.values()]
    store = exported_view(
        tmp_path,
        view,
        [(n, *values) for n, values in enumerate(zip(*columns, strict=True))],
        shared.unix_url,
    )
    assert found(check(store, shared, view)) == {}


@pytest.mark.parametrize(("data_type", "text"), [("double", "{}"), ("double[]", "[1.0,{}]")])
def test_equal_doubles_that_differ(tmp_path: Path, shared: RedisServer, data_type: str, text: str):
    view = View("doubles", {"n": "bigint"}, {"value": data_type})
    values = [0.0, -0.0, math.nan, math.inf]
    served = [[1.0, value] for value in values] if data_type.endswith("[]") else values
    store = exported_view(tmp_path, view, [*enumerate(served)], shared.unix_url)
    assert found(check(store, shared, view)) == {}
    is_list = data_type.endswith("[]")
    for n, other in enumerate(["-0.0", "0.0", "Infinity", "NaN"]):
        shared.db.hset(f"fs:{{n:{n}}}:doubles:v1", "value", text.format(other))
    if is_list:  # as far as it goes it is equal
        shared.db.hset("fs:{n:3}:doubles:v1", "value", "[1.0]")
    checked = check(store, shared, view)
    assert (found(checked), checked.columns) == ({"different": 4}, {"value": 4})
    [example] = [one for one in checked.examples if one.key == "fs:{n:0}:doubles:v1"]
    assert (example.offline, example.online) == (
        ("[1.0, 0.0]", "[1.0, -0.0]") if is_list else ("0.0", "-0.0")
    )
