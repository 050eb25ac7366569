"""Tests of the consistency check: each kind of difference, made for real, is found and named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from feature_store.online.check.findings import EXPORT, EXPORT_ALL
from support.projects.checked_things import check, found, key_of
from support.projects.things_store import KEY, META, THINGS
from support.projects.tiny_store import TinyStore, exported_view
from support.servers.redis_server import RedisServer, wait_for


@pytest.fixture(params=["hash", "packed"])
def layout(request: pytest.FixtureRequest) -> str:
    return request.param


def test_an_export_is_found_equal(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    before = server.calls()
    checked = check(store, server)
    assert (checked.checked, checked.removed, checked.mismatches, checked.share) == (3, 0, 0, 0)
    assert (found(checked), checked.columns, checked.examples) == ({}, {}, [])
    sent = {name for name, calls in server.calls().items() if calls > before.get(name, 0)}
    assert sent <= {"hgetall", "hmget", "hlen", "pttl", "ping", "info", "hello", "client"}


def test_a_key_that_is_gone_is_missing(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    server.db.delete(KEY)
    checked = check(store, server)
    assert found(checked) == {"missing": 1}
    assert [str(example) for example in checked.examples] == [
        f"{KEY}: missing: offline a row, online no key"
    ]
    assert (checked.share, checked.next_step) == (pytest.approx(1 / 3), EXPORT_ALL)
    assert len(store.export(server.unix_url, full=True)) == 1
    assert found(check(store, server)) == {}


def test_an_expired_key_and_a_deleted_key_are_told_apart(tmp_path: Path, server: RedisServer):
    """Both views lose all keys; only those of the first one can have expired."""
    short, long = replace(THINGS, ttl="1s"), replace(THINGS, name="others", ttl="2h")
    store = TinyStore(tmp_path, [short, long])
    for view in (short, long):
        store.serve(view, [(1, 10, "x"), (2, 20, "y")])
    store.export(server.unix_url, sample=0)
    server.db.delete(*(key_of(n).replace("things", "others") for n in (1, 2)))
    wait_for(lambda: not server.db.exists(key_of(1), key_of(2)), "two keys to expire")
    expired = check(store, server, short)
    assert (found(expired), expired.next_step) == ({"expired": 2}, EXPORT)
    assert found(check(store, server, long)) == {"missing": 2}
    store.export(server.unix_url, ["others"], full=True, sample=0)
    store.export(server.unix_url, ["things"], sample=0)
    assert {*found(check(store, server, short))} <= {"expired"}  # its TTL is short


def test_a_key_that_is_gone_before_it_expires_is_missing(tmp_path: Path, server: RedisServer):
    """An entity that began to be served later expires later than those of the export before."""
    view = replace(THINGS, ttl="1d")
    store = exported_view(tmp_path, view, [(1, 10, "x"), (2, 20, "y")], server.unix_url)
    now = datetime.now(UTC).replace(tzinfo=None)
    store.execute(
        "update snapshots.served_things_v1 set dbt_valid_from = ? where thing_id = 2", [now]
    )
    server.db.hset(META, "lives_from", "2026-01-01T00:00:00Z")
    server.db.hset(META, "watermark", f"{now.isoformat()}Z")
    server.db.delete(key_of(1), key_of(2))
    assert found(check(store, server)) == {"expired": 1, "missing": 1}


def test_what_was_not_exported_yet_is_stale(layout: str, tmp_path: Path, server: RedisServer):
    view = replace(THINGS, layout=layout)
    store = exported_view(
        tmp_path, view, [(1, 10, "x"), (2, 20, "y"), (3, 30, "z")], server.unix_url
    )
    store.serve(view, [(1, 11, "x"), (2, 20, "y"), (3, 30, "z"), (4, 40, "new")])
    checked = check(store, server, view)
    assert found(checked) == {"stale": 2}
    assert sorted(map(str, checked.examples)) == [
        f"{key_of(1)}: stale, a: offline 11, online 10",
        f"{key_of(4)}: stale: offline a row, online no key",
    ]
    assert (checked.columns, checked.next_step) == ({}, EXPORT)
    store.export(server.unix_url)
    assert found(check(store, server, view)) == {}


def test_an_unreadable_row_is_different_even_where_stale(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    server.db.hset(KEY, "a", "ten")
    store.serve(THINGS, [(1, 11, "x"), (2, 5, "y"), (3, None, None)])
    checked = check(store, server)
    assert found(checked) == {"stale": 1, "different": 1}
    assert checked.next_step == EXPORT_ALL


def test_an_earlier_row_that_was_not_replaced_is_stale(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    server.db.hset(KEY, mapping={"a": "9", "_feature_time": "2026-01-01T23:59:59.999999Z"})
    server.db.hset(key_of(2), mapping={"b": "9", "_feature_time": "2026-01-02T00:00:00.000001Z"})
    checked = check(store, server)
    assert found(checked) == {"stale": 1, "different": 1}
    assert (checked.columns, checked.next_step) == ({"b": 1, "_feature_time": 1}, EXPORT_ALL)


#: Commands that damage the rows, the columns that differ then, and a part of the example.
DAMAGE: list[tuple[list[tuple[Any, ...]], dict[str, int] | None, str]] = [
    ([("hset", KEY, "a", "11")], {"a": 1}, "a: offline 10, online 11"),
    ([("hdel", KEY, "b")], {"b": 1}, "b: offline 'x', online null"),
    ([("hset", KEY, "b", "")], {"b": 1}, "b: offline 'x', online ''"),
    ([("hset", key_of(3), "b", "null")], {"b": 1}, "b: offline null, online 'null'"),
    ([("hset", KEY, "a", "0", "b", "0")], {"a": 1, "b": 1}, "a: offline 10, online 0"),
    (
        [("hset", KEY, "old", "1")],
        {"(foreign field)": 1},
        "(foreign field): offline no such feature, online 'old'",
    ),
    (
        [("hset", KEY, b"\xff", "1")],
        {"(foreign field)": 1},
        "(foreign field): offline no such feature, online 'a name that is not text'",
    ),
    ([("persist", KEY)], {"(TTL)": 1}, "(TTL): offline 7200 s, online no TTL"),
    ([("expire", KEY, 7300)], {"(TTL)": 1}, "(TTL): offline 7200 s, online"),
    ([("hset", KEY, "a", "ten")], {"a": 1}, "'ten' cannot be read as integer"),
    ([("hset", KEY, "b", b"\xff")], {"b": 1}, "online bytes that are not text"),
    (
        [("hset", KEY, "_feature_time", "soon")],
        {"(row)": 1},
        "field _feature_time: 'soon' cannot be read",
    ),
    ([("hdel", KEY, "a", "b", "_feature_time"), ("hset", KEY, "old", "1")], None, "online "),
    *(
        (
            [("del", KEY), command],
            {"(row)": 1},
            "(row): offline the layout hash, online a key of another type",
        )
        for command in (("set", KEY, "x"), ("rpush", KEY, "x"))
    ),
]


@pytest.mark.parametrize(("commands", "columns", "example"), DAMAGE)
def test_another_row_is_different_and_its_columns_are_named(
    store: TinyStore,
    server: RedisServer,
    commands: list[tuple[Any, ...]],
    columns: dict[str, int] | None,
    example: str,
):
    store.export(server.unix_url)
    for command in commands:
        server.call(*command)
    checked = check(store, server)
    assert (checked.checked, found(checked)) == (3, {"different": 1})
    assert columns is None or checked.columns == columns
    [shown] = map(str, checked.examples)
    assert "thing:3" in shown or shown.startswith(f"{KEY}: different, ")
    assert example in shown
    assert checked.next_step == EXPORT_ALL
    store.export(server.unix_url, full=True)
    assert found(check(store, server)) == {}


@pytest.mark.parametrize("text", ["no json", "[]", '["123456","2026-01-02T00:00:00Z",10,"x"]'])
def test_an_unreadable_packed_row_is_different(tmp_path: Path, server: RedisServer, text: str):
    view = replace(THINGS, layout="packed", ttl=None)
    store = exported_view(tmp_path, view, [(1, 10, "x"), (2, 20, "y")], server.unix_url, sample=0)
    server.db.set(KEY, text)
    checked = check(store, server, view)
    assert (found(checked), checked.columns) == ({"different": 1}, {"(row)": 1})


def test_keys_of_a_layout_not_exported_yet_are_different(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    packed = replace(THINGS, layout="packed")
    store.declare([packed])
    checked = check(store, server, packed)
    assert (found(checked), checked.columns) == ({"different": 3}, {"(row)": 3})
    assert "the declaration has changed since the export" in checked.summary()


def test_a_key_with_a_ttl_though_the_view_has_none(tmp_path: Path, server: RedisServer):
    view = replace(THINGS, ttl=None)
    store = exported_view(tmp_path, view, [(1, 10, "x"), (2, 20, "y")], server.unix_url)
    assert found(check(store, server)) == {}
    server.db.expire(KEY, 1000)
    checked = check(store, server)
    assert (found(checked), checked.columns) == ({"different": 1}, {"(TTL)": 1})
