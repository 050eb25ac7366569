"""Tests of the consistency check: removed entities, composite keys, samples, examples."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from feature_store.online.check.findings import EXPORT, EXPORT_ALL
from support.projects.checked_things import HUNDRED, check, found, key_of
from support.projects.things_store import KEY, THINGS
from support.projects.tiny_store import TinyStore, View, exported_view
from support.servers.redis_server import RedisServer


def test_a_key_of_a_removed_entity_is_orphaned(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    store.serve(THINGS, [(1, 10, "x")])
    checked = check(store, server)
    assert (checked.checked, checked.removed, found(checked)) == (1, 2, {"orphaned": 2})
    assert checked.share == pytest.approx(2 / 3)
    assert checked.next_step == EXPORT
    assert str(checked.examples[0]).endswith(
        ": orphaned: offline not served since 2026-01-02 03:04:06, online a key"
    )
    store.export(server.unix_url)
    checked = check(store, server)
    assert (checked.removed, found(checked)) == (2, {})
    server.db.hset(key_of(2), "b", "y")
    checked = check(store, server)
    assert (found(checked), checked.next_step) == ({"orphaned": 1}, EXPORT_ALL)
    store.serve(THINGS, [(1, 10, "x"), (2, None, "y")])
    store.export(server.unix_url)
    checked = check(store, server)
    assert (checked.checked, checked.removed, found(checked)) == (2, 1, {})


def test_ids_of_several_columns_that_look_alike(tmp_path: Path, server: RedisServer):
    view = View("pairs", {"a": "varchar", "b": "varchar"}, {"value": "decimal(9,2)"})
    rows = [("x|y", "z", 1), ("x", "y|z", 2), ("%7C", "", 3), ("{}:", "😀", 4), ("", "", 5)]
    store = exported_view(tmp_path, view, rows, server.unix_url)
    assert found(check(store, server, view)) == {}
    server.db.delete("fs:{a|b:x%7Cy|z}:pairs:v1")
    server.db.hset("fs:{a|b:x|y%7Cz}:pairs:v1", "value", "2.01")
    store.serve(view, rows[:4])
    checked = check(store, server, view)
    assert found(checked) == {"missing": 1, "different": 1, "orphaned": 1}
    assert {str(example) for example in checked.examples} >= {
        "fs:{a|b:x|y%7Cz}:pairs:v1: different, value: offline 2.00, online 2.01"
    }


def test_a_sample_is_repeated_by_its_seed(tmp_path: Path, server: RedisServer):
    store = exported_view(
        tmp_path, THINGS, [*HUNDRED, *((n, 0, "") for n in range(100, 150))], server.unix_url
    )
    store.serve(THINGS, HUNDRED)
    store.export(server.unix_url)
    server.db.delete(*(key_of(n) for n in range(0, 100, 2)))
    server.db.hset(key_of(120), "a", "0")
    seen = [check(store, server, sample=10, seed=seed) for seed in (7, 7, 8, 9)]
    assert all((one.checked, one.removed) == (10, 10) for one in seen)
    assert [one.seed for one in seen] == [7, 7, 8, 9]
    keys = [[example.key for example in one.examples] for one in seen]
    assert keys[0] == keys[1]
    assert len({tuple(one) for one in keys}) == 3
    assert len({check(store, server, sample=10).seed for _ in range(3)}) == 3
    for one in seen:
        assert one.share == one.mismatches / 20
        assert 0 < one.counts["missing"] <= 10
    everything = check(store, server, sample=None)
    assert (everything.checked, everything.removed) == (100, 50)
    assert found(everything) == {"missing": 50, "orphaned": 1}
    assert len(everything.examples) == 5
    assert {example.kind for example in everything.examples} == {"missing", "orphaned"}


def test_examples_are_of_every_kind_and_short(tmp_path: Path, server: RedisServer):
    store = exported_view(
        tmp_path, THINGS, [(n, n, "long " * 50) for n in range(20)], server.unix_url
    )
    for n in range(10):
        server.db.delete(key_of(n))
    server.db.hset(key_of(15), "b", "x" * 1000)
    checked = check(store, server)
    assert [example.kind for example in checked.examples] == [
        *("missing", "different", "missing", "missing", "missing")
    ]
    assert all(len(str(example)) < 250 for example in checked.examples)


def test_a_view_that_was_never_exported(store: TinyStore, server: RedisServer):
    checked = check(store, server)
    assert (checked.is_exported, checked.checked, checked.share) == (False, 0, 1)
    assert checked.summary() == "things:v1: was never exported to this server"
    assert checked.next_step == EXPORT


def test_decimals_of_another_scale_are_of_the_declared_type(tmp_path: Path, server: RedisServer):
    view = View("things", {"thing_id": "bigint"}, {"value": "integer"})
    store = TinyStore(tmp_path, [view])
    store.serve(view, [(1, 7)])
    declared = View("things", {"thing_id": "bigint"}, {"value": "decimal(9,2)"})
    store.declare([declared])
    store.export(server.unix_url)
    assert server.db.hget(KEY, "value") == "7.00"
    assert found(check(store, server, declared)) == {}
    server.db.hset(KEY, "value", "7.01")
    [example] = check(store, server, declared).examples
    assert (example.offline, example.online) == (str(Decimal("7.00")), "7.01")
