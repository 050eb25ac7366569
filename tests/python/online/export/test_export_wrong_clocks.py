"""Tests of exports after wrong clocks, events of the future, and restored warehouses."""

from __future__ import annotations

import pytest

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
from support.projects.tiny_store import TinyStore
from support.servers.redis_server import RedisServer

pytestmark = pytest.mark.slow

EARLIER = ("an earlier version of the export", "the snapshot's past was changed")


def even_rows(store: TinyStore, rows: int) -> None:
    """Let the view have rows that were all served at one time, three days ahead of the clock."""
    store.execute(
        "delete from snapshots.served_things_v1; insert into snapshots.served_things_v1 "
        "select n, timestamp '2026-01-02', n, 'x', timestamp '2026-01-02', "
        f"timestamp '2026-01-05', null from range({rows}) as r(n)"
    )


@pytest.mark.parametrize("rows", [2, 3, 1000])
def test_a_clock_that_was_ahead_for_one_run(store: TinyStore, server: RedisServer, rows: int):
    """The rows of the right clock are before the watermark; all of them change, then one value."""
    even_rows(store, rows)
    store.export(server.unix_url)
    store.execute(
        "update snapshots.served_things_v1 set dbt_valid_to = timestamp '2026-01-03'; "
        "insert into snapshots.served_things_v1 select * replace (a + 1 as a, "
        "timestamp '2026-01-03' as dbt_valid_from, null as dbt_valid_to) "
        "from snapshots.served_things_v1"
    )
    assert sent(store, server) == ("the snapshot's past was changed", rows, 0)
    assert online(server)[KEY]["a"] == "2"
    assert sent(store, server) == ("changes", 0, 0)
    store.execute("update snapshots.served_things_v1 set a = 7 where thing_id = 1")
    assert sent(store, server) == ("the snapshot's past was changed", rows, 0)
    assert online(server)[KEY]["a"] == "7"


@pytest.mark.parametrize("rows", [2, 1001])
def test_an_export_killed_before_the_clock_was_right(
    store: TinyStore, server: RedisServer, rows: int
):
    """The rows that it sent differ from those of the warehouse now, whatever their number."""
    even_rows(store, rows)
    store.export(server.unix_url)
    store.execute(
        "update snapshots.served_things_v1 set dbt_valid_from = timestamp '2026-01-06', a = 5"
    )
    export_first_rows(store, server)
    even_rows(store, rows)
    assert sent(store, server, force=True) == ("--force", rows, 0)
    assert online(server)[KEY]["a"] == "1"
    assert sent(store, server) == ("changes", 0, 0)


def test_metadata_of_an_earlier_version_need_a_full_export(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    for history in ("3:12345678901234567890", "", "2:"):
        server.db.hset(META, "history", history)
        reason, rows, _ = sent(store, server)
        assert (reason in EARLIER, rows) == (True, 3)
        assert sent(store, server) == ("changes", 0, 0)
    server.db.hset(META, "sending", "0123456789abcdef 2026-01-02T03:04:05Z 3:1234")
    assert sent(store, server)[1] == 3


def test_force_sends_everything_once(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    server.db.hset(KEY, mapping={"a": "99", "foreign": "1"})
    assert sent(store, server, force=True) == ("--force", 3, 0)
    assert online(server)[KEY] == {"a": "10", "b": "x", "_feature_time": "2026-01-02T00:00:00Z"}
    assert sent(store, server) == ("changes", 0, 0)


@pytest.mark.parametrize("future", ["as_of", "watermark"])
def test_the_way_back_from_a_state_of_the_future(
    store: TinyStore, server: RedisServer, future: str
):
    if future == "as_of":
        served_at(store, "2042-01-02")
        store.export(server.unix_url)
        served_at(store, "2026-01-03")
        store.serve(THINGS, [(1, 1, "right")])
    else:
        store.execute(
            "update snapshots.served_things_v1 set dbt_valid_from = timestamp '2042-01-02'"
        )
        store.export(server.unix_url)
        even_rows(store, 2)
    with pytest.raises(FeatureStoreError) as caught:
        store.export(server.unix_url)
    assert "2042-01-02" in str(caught.value)
    assert "that is in the future" in str(caught.value)
    assert "export once with --force" in str(caught.value)
    assert sent(store, server, force=True)[0] == "--force"
    assert online(server)[KEY]["a"] == "1"
    assert sent(store, server) == ("changes", 0, 0)
    store.serve(THINGS, [(1, 2, "later")])
    assert sent(store, server)[0] == "changes"
    assert online(server)[KEY]["a"] == "2"
