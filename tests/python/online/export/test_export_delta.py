"""Tests that an export sends everything, what changed since the last one, or nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feature_store.errors import FeatureStoreError
from support.projects.things_store import (
    KEY,
    META,
    THINGS,
    export_first_rows,
    online,
    sent,
    served_at,
)
from support.projects.tiny_store import TinyStore, View
from support.servers.redis_server import RedisServer, redis_server

pytestmark = pytest.mark.slow

PACKED = replace(THINGS, layout="packed")


def test_only_rows_that_changed_are_sent(store: TinyStore, server: RedisServer):
    assert sent(store, server) == ("first export", 3, 0)
    store.serve(THINGS, [(1, 11, "x"), (2, None, "y"), (4, 1, "new")])
    assert sent(store, server) == ("changes", 2, 1)
    assert server.db.hget(KEY, "a") == "11"
    assert server.db.hget("fs:{thing:4}:things:v1", "b") == "new"
    assert not server.db.exists("fs:{thing:3}:things:v1")
    assert server.db.hmget(META, "rows", "watermark") == ["3", "2026-01-02T03:04:06.678000Z"]


def test_nothing_new_sends_nothing_but_says_when(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    before = server.db.hgetall(META)
    server.db.config_resetstat()
    assert sent(store, server) == ("changes", 0, 0)
    assert not {"expire", "multi", "hdel"} & {*server.calls()}
    after = server.db.hgetall(META)
    assert after.pop("exported_at") > before.pop("exported_at")
    assert after == before


def test_an_entity_that_came_back_is_sent_again(store: TinyStore, server: RedisServer):
    rows = [(1, 10, "x"), (2, None, "y"), (3, None, None)]
    store.export(server.unix_url)
    store.serve(THINGS, rows[1:])
    assert sent(store, server) == ("changes", 0, 1)
    store.serve(THINGS, rows)
    assert sent(store, server) == ("changes", 1, 0)
    # It left and came back between two exports.
    store.serve(THINGS, rows[1:])
    store.serve(THINGS, rows)
    assert sent(store, server) == ("changes", 1, 0)
    assert len(online(server)) == 3


@pytest.mark.parametrize(
    "again", [replace(THINGS, ttl="3h"), replace(THINGS, features={"a": "integer"}), PACKED]
)
def test_another_definition_sends_everything(store: TinyStore, server: RedisServer, again: View):
    store.export(server.unix_url)
    store.declare([again])
    assert sent(store, server) == ("new definition", 3, 0)
    assert sent(store, server) == ("changes", 0, 0)


def test_a_dropped_feature_loses_its_field(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    store.declare([replace(THINGS, features={"b": "varchar"})])
    store.export(server.unix_url)
    assert all("a" not in row for row in online(server).values())
    assert online(server)[KEY]["b"] == "x"


def test_a_feature_dropped_by_a_failed_export_loses_its_field(
    store: TinyStore, server: RedisServer
):
    """The second definition's export ends before its metadata; the third knows neither field."""
    store.export(server.unix_url)
    store.declare([replace(THINGS, features={"b": "varchar"})])
    export_first_rows(store, server)
    store.declare([replace(THINGS, features={})])
    store.export(server.unix_url, sample=0)
    time = {"_feature_time": "2026-01-02T00:00:00Z"}
    assert [*online(server).values()] == [time] * 3


def test_layouts_replace_each_other(store: TinyStore, server: RedisServer):
    schema = "fs:schema:things:v1"
    store.export(server.unix_url)
    store.declare([PACKED])
    store.export(server.unix_url)
    [number] = server.db.hkeys(schema)
    assert online(server)[KEY] == f'[{number},"2026-01-02",10,"x"]'
    assert online(server)["fs:{thing:3}:things:v1"] == f'[{number},"2026-01-02",null,null]'
    assert all(7_190 < server.db.ttl(key) <= 7_200 for key in online(server))
    store.declare([THINGS])
    store.export(server.unix_url)
    assert online(server)[KEY] == {"a": "10", "b": "x", "_feature_time": "2026-01-02T00:00:00Z"}
    assert not server.db.exists(schema)


def test_a_schema_is_kept_as_long_as_rows_have_it(store: TinyStore, server: RedisServer):
    store.declare([PACKED])
    store.export(server.unix_url)
    [old] = server.db.hkeys("fs:schema:things:v1")
    store.declare([replace(PACKED, features={"b": "varchar"})])
    store.export(server.unix_url)
    [new] = server.db.hkeys("fs:schema:things:v1")
    assert old != new
    assert all(row.startswith(f"[{new},") for row in online(server).values())


def test_full_removes_what_is_stale(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    store.serve(THINGS, [(1, 10, "x"), (2, None, "y")])
    store.export(server.unix_url)
    server.db.hset("fs:{thing:3}:things:v1", "a", "left behind")
    server.db.hset("fs:{thing:2}:things:v1", mapping={"a": "wrong", "foreign": "1"})
    server.db.delete(KEY)
    assert sent(store, server) == ("changes", 0, 0)
    assert sent(store, server, full=True) == ("--full", 2, 1)
    time = {"_feature_time": "2026-01-02T00:00:00Z"}
    assert online(server) == {
        KEY: {"a": "10", "b": "x"} | time,
        "fs:{thing:2}:things:v1": {"b": "y"} | time,
    }


def test_everything_is_sent_again_at_half_of_the_ttl(store: TinyStore, server: RedisServer):
    """The server's clock cannot be turned, so what it noted is."""
    store.export(server.unix_url)
    for passed, expected in ((59, ("changes", 0, 0)), (61, ("half of the TTL is over", 3, 0))):
        noted = datetime.now(UTC) - timedelta(minutes=passed)
        server.db.hset(META, "lives_from", noted.isoformat())
        server.db.expire(KEY, 100)
        assert sent(store, server) == expected
    assert server.db.ttl(KEY) > 7_190
    assert sent(store, server) == ("changes", 0, 0)


def test_the_watermark_was_deleted(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    store.serve(THINGS, [(1, None, "x"), (2, None, "y"), (3, None, None)])
    server.db.delete(META)
    assert sent(store, server) == ("first export", 3, 0)
    assert "a" not in online(server)[KEY]


def test_a_snapshot_whose_past_changed_is_sent_whole(store: TinyStore, server: RedisServer):
    """As after a restored backup, or by a clock that went backwards: a row slips in before."""
    store.export(server.unix_url)
    store.execute(
        "insert into snapshots.served_things_v1 select * replace (9 as thing_id, "
        "timestamp '2026-01-02 03:04:05' as dbt_valid_from) "
        "from snapshots.served_things_v1 where thing_id = 1"
    )
    assert sent(store, server) == ("the snapshot's past was changed", 4, 0)
    assert sent(store, server) == ("changes", 0, 0)


def test_an_earlier_time_never_replaces_a_later_one(store: TinyStore, server: RedisServer):
    served_at(store, "2026-01-03")
    store.export(server.unix_url)
    served_at(store, "2026-01-02")
    store.serve(THINGS, [(1, 1, "earlier")])
    before = online(server)
    with pytest.raises(FeatureStoreError) as caught:
        store.export(server.unix_url)
    assert "things:v1: the online store holds the features as of 2026-01-03 00:00:00" in str(
        caught.value
    )
    assert "those as of 2026-01-02 00:00:00" in str(caught.value)
    assert "--force" in str(caught.value)
    with pytest.raises(FeatureStoreError):
        store.export(server.unix_url, full=True)
    assert online(server) == before
    assert sent(store, server, force=True) == ("--force", 1, 2)
    assert server.db.hget(META, "as_of") == "2026-01-02T00:00:00Z"
    served_at(store, "2026-01-03")
    assert sent(store, server) == ("changes", 0, 0)


def test_an_older_warehouse_replaces_no_newer(
    tmp_path: Path, store: TinyStore, server: RedisServer
):
    """A copy of the warehouse that was not built since: with as_of unknown, the same, and later."""
    old = TinyStore(tmp_path / "old", [THINGS])
    old.serve(THINGS, [(1, 10, "x")])
    store.serve(THINGS, [(1, 12, "x")])
    store.export(server.unix_url)
    with pytest.raises(FeatureStoreError, match="it is older"):
        old.export(server.unix_url)
    for warehouse in (old, store):
        served_at(warehouse, "2026-01-03")
    store.export(server.unix_url)
    with pytest.raises(FeatureStoreError, match="it is older"):
        old.export(server.unix_url)
    assert online(server)[KEY]["a"] == "12"
    served_at(old, "2026-01-04")
    old.export(server.unix_url)
    assert online(server)[KEY]["a"] == "10"
    store.export(server.unix_url, force=True)
    assert online(server)[KEY]["a"] == "12"
    old.export(server.unix_url, force=True)
    assert online(server)[KEY]["a"] == "10"


ROWS = st.dictionaries(
    st.integers(1, 6),
    st.tuples(st.none() | st.integers(-3, 3), st.none() | st.sampled_from("xyz")),
    max_size=6,
)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    days=st.lists(
        st.tuples(ROWS, st.sampled_from([THINGS, THINGS, THINGS, PACKED]), st.booleans()),
        min_size=1,
        max_size=6,
    )
)
def test_after_any_days_online_is_what_a_first_export_would_give(
    things: TinyStore, shared: RedisServer, days: list[Any]
):
    """Random rows of days, in either layout, exported each day or not."""
    shared.db.flushall()
    for rows, layout, exports in days:
        things.declare([layout])
        things.serve(THINGS, [(key, *row) for key, row in rows.items()])
        if exports:
            things.export(shared.unix_url, sample=0, force=True)
    things.export(shared.unix_url, sample=0)
    found = online(shared)
    with redis_server() as empty:
        things.export(empty.unix_url, sample=0)
        assert found == online(empty)
    assert len(found) == len(days[-1][0])
