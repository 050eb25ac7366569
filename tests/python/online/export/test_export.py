"""Tests of what an export writes to a real Redis server."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime

import pytest

from support.projects.things_store import KEY, META, THINGS
from support.projects.tiny_store import TinyStore
from support.servers.redis_server import RedisServer

pytestmark = pytest.mark.slow


def contents(server: RedisServer) -> dict[str, object]:
    """Return every key with its value and whether it will expire, but no metadata."""
    return {
        key: (server.db.hgetall(key), server.db.pttl(key) > 0)
        for key in server.db.scan_iter()
        if ":meta" not in key
    }


def test_a_row_is_a_hash_without_its_nulls(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    time = {"_feature_time": "2026-01-02T00:00:00Z"}
    assert contents(server) == {
        KEY: ({"a": "10", "b": "x"} | time, True),
        "fs:{thing:2}:things:v1": ({"b": "y"} | time, True),
        "fs:{thing:3}:things:v1": (time, True),
    }


def test_metadata_and_owner(store: TinyStore, server: RedisServer):
    [exported] = store.export(server.unix_url)
    assert (exported.view.label, exported.rows) == ("things:v1", 3)
    assert server.db.get("fs:meta") == "tiny"
    meta = server.db.hgetall(META)
    times = [meta.pop("lives_from"), meta.pop("exported_at")]
    assert meta.pop("history").startswith("2:3:")
    assert meta == {
        "sending": "",
        "watermark": "2026-01-02T03:04:05.678000Z",
        "rows": "3",
        "dbt_invocation_id": "invocation",
        "manifest_hash": store.view(THINGS).definition_hash,
        "layout": "hash",
        "held": "_feature_time,a,b",
        "as_of": "",
        "servers": "",
        "disturbed": "",
    }
    assert times == sorted(times)
    assert all(datetime.fromisoformat(time) and time.endswith("Z") for time in times)


def test_a_value_that_became_null_loses_its_field(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    store.serve(THINGS, [(1, None, "x2"), (2, 5, "y")])
    store.export(server.unix_url)
    assert server.db.hkeys(KEY) == ["b", "_feature_time"]
    assert server.db.hget(KEY, "b") == "x2"
    assert server.db.hget("fs:{thing:2}:things:v1", "a") == "5"


def test_a_reader_never_gets_a_mixture_of_two_rows(store: TinyStore, server: RedisServer):
    """One of a and b is null in each row; a reader that sees both or none met a mixture."""
    store.serve(THINGS, [(1, 10, None)])
    store.export(server.unix_url)
    mixtures: list[dict[str, str]] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            row = server.db.hgetall(KEY)
            if ("a" in row) == ("b" in row):
                mixtures.append(row)

    reader = threading.Thread(target=watch)
    reader.start()
    try:
        for _ in range(6):
            for row in ((1, None, "x"), (1, 10, None)):
                store.serve(THINGS, [row])
                store.export(server.unix_url)
    finally:
        done.set()
        reader.join()
    assert mixtures == []


def test_time_to_live_is_set_refreshed_and_removed(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    keys = [KEY, "fs:{thing:3}:things:v1"]
    assert all(7_190 < server.db.ttl(key) <= 7_200 for key in keys)
    assert server.db.ttl(META) == server.db.ttl("fs:meta") == -1
    for key in keys:
        server.db.expire(key, 100)
    store.export(server.unix_url, full=True)
    assert all(7_190 < server.db.ttl(key) <= 7_200 for key in keys)
    store.declare([replace(THINGS, ttl=None)])
    store.export(server.unix_url)
    assert all(server.db.ttl(key) == -1 for key in keys)


def test_rows_that_are_no_longer_served_are_not_sent(store: TinyStore, server: RedisServer):
    store.execute("update snapshots.served_things_v1 set dbt_valid_to = now() where thing_id = 2")
    store.export(server.unix_url)
    assert sorted(contents(server)) == [KEY, "fs:{thing:3}:things:v1"]


def test_a_view_without_rows_is_exported(store: TinyStore, server: RedisServer):
    store.serve(THINGS, [])
    store.export(server.unix_url)
    assert server.db.hget(META, "rows") == "0"
    assert server.db.keys("fs:{*") == []


def test_only_plain_commands_are_sent(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    store.serve(THINGS, [(1, 10, "x"), (2, 7, None)])
    store.declare([replace(THINGS, ttl=None)])
    store.export(server.unix_url)
    sent = {*server.calls()} - {"config", "flushall"}
    data = {"hset", "hdel", "expire", "persist", "multi", "exec", "del"}
    lock = {"evalsha", "pexpire"}
    assert data | lock < sent
    reads = {
        *[
            "get",
            "hget",
            "hgetall",
            "hkeys",
            "hlen",
            "hmget",
            "pttl",
            "dbsize",
            "info",
            "time",
            "ping",
        ]
    }
    logs_in = {"hello", "client", "select", "auth", "script"}
    assert sent - data - lock <= {"set"} | reads | logs_in


def test_many_rows_in_several_batches_lose_nothing(store: TinyStore, server: RedisServer):
    many = 51_000
    store.execute(
        "insert into snapshots.served_things_v1 "
        "select n, timestamp '2026-01-02', if(n % 3 = 0, null, n * 7), "
        "if(n % 11 = 0, null, repeat('日本語 ✓ 😀', n % 23) || n), "
        f"timestamp '2026-01-02', timestamp '2026-01-03', null from range(4, {many + 1}) as r(n)"
    )
    batches: list[int] = []
    [exported] = store.export(server.unix_url, on_rows=batches.append)
    assert exported.rows == sum(batches) == many
    assert len(batches) > 5
    assert server.db.dbsize() == many + 2
    assert server.db.info("replication")["master_repl_offset"] == 0
    served = [row for row in store.served(THINGS) if row["thing_id"] % 10 == 1]
    result = store.read(server.unix_url, served, ["things:a", "things:b"])
    read = [(row["things:a"], row["things:b"]) for row in result.rows]
    assert read == [(row["a"], row["b"]) for row in served]
