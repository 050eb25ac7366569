"""Tests that a read is one round trip, with either parser, and leaves a usable connection."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from feature_store import FeatureStore, FeatureStoreError
from feature_store.online.connection.reply_parser import ReplyParser
from support.projects.customers_store import open_feature_store
from support.projects.things_store import THINGS
from support.projects.tiny_store import TinyStore
from support.servers.redis_server import RedisServer
from support.servers.tcp_proxy import TcpProxy, cutting_proxy

FEATURES = ["customer_purchases", "customer_profile", "affinity"]
ENTITIES = [{"customer_id": n, "store": "Nord"} for n in range(400)]
PACKED = replace(THINGS, layout="packed")


@pytest.fixture
def proxy(server: RedisServer) -> Iterator[TcpProxy]:
    with cutting_proxy(server.port) as running:
        yield running


@pytest.mark.usefixtures("parser")
def test_all_commands_are_sent_before_the_first_reply(tiny: TinyStore, proxy: TcpProxy):
    url = f"{proxy.url}?socket_timeout=20"
    with open_feature_store(tiny, url) as store:
        expected = store.get_online_features(ENTITIES, FEATURES)
        proxy.hold(b"$5\r\nHMGET\r\n", len(ENTITIES) * len(FEATURES))
        assert store.get_online_features(ENTITIES, FEATURES) == expected


def test_the_proxy_distinguishes_two_round_trips_from_one(tiny: TinyStore, proxy: TcpProxy):
    url = f"{proxy.url}?socket_timeout=0.3"
    with open_feature_store(tiny, url) as store:
        store.get_online_features(ENTITIES, FEATURES)
        proxy.hold(b"$5\r\nHMGET\r\n", len(ENTITIES) * len(FEATURES) + 1)
        with pytest.raises(FeatureStoreError, match=r"in time|Timeout"):
            store.get_online_features(ENTITIES, FEATURES)


@pytest.mark.usefixtures("parser")
def test_one_round_trip_for_packed_rows(tmp_path: Path, server: RedisServer, proxy: TcpProxy):
    tiny = TinyStore(tmp_path, [PACKED])
    tiny.prefix = "packed"
    tiny.serve(PACKED, [(1, 10, "x"), (2, None, "é✓")])
    tiny.export(server.unix_url)
    entities = [{"thing_id": n} for n in range(300)]
    with open_feature_store(tiny, f"{proxy.url}?socket_timeout=20") as store:
        store.settings = replace(store.settings, prefix="packed")
        expected = store.get_online_features(entities, ["things"])
        proxy.hold(b"$3\r\nGET\r\n", 300)
        result = store.get_online_features(entities, ["things"])
    assert result == expected
    assert [row["things:b"] for row in result.rows[:4]] == [None, "x", "é✓", None]


@pytest.mark.usefixtures("parser")
def test_errors_leave_a_usable_connection(store: FeatureStore, server: RedisServer):
    """The replies behind an error were read too, or the connection was given up."""
    keys = [f"fs:{{customer:{n}}}:customer_profile:v1" for n in (70, 71, 72)]
    good = store.get_online_features(ENTITIES, FEATURES)
    server.db.set(keys[0], "text")
    server.db.hset(keys[1], "points", "many")
    server.db.hset(keys[2], "name", b"\xff\xfe")
    try:
        for number, message in (
            (70, f"{keys[0]}: the Redis server refused a command: WRONGTYPE"),
            (71, f"{keys[1]}, field points: 'many' cannot be read as hugeint"),
            (72, "holds bytes that are not text"),
        ):
            entities = [*ENTITIES[:50], {"customer_id": number, "store": "x"}, *ENTITIES[:50]]
            with pytest.raises(FeatureStoreError, match=re.escape(message)):
                store.get_online_features(entities, FEATURES)
    finally:
        server.db.delete(*keys)
    assert store.get_online_features(ENTITIES, FEATURES) == good


@pytest.mark.usefixtures("parser")
def test_ids_of_other_scripts(store: FeatureStore, server: RedisServer):
    """Lengths in the protocol are those of bytes."""
    entities = [{"store": name, "customer_id": 1} for name in ("Süd|1", "日本", "Nord", "a{b}%")]
    rows = store.get_online_features(entities, ["affinity:share"]).rows
    assert [row["affinity:share"] for row in rows] == [0.25, None, 0.75, None]
    assert rows[0] == {"store": "Süd|1", "customer_id": 1, "affinity:share": 0.25}


@pytest.mark.usefixtures("parser")
def test_a_server_that_requires_a_password_now(tiny: TinyStore, server: RedisServer):
    """The error is about the server, not about the first key."""
    with open_feature_store(tiny, server.unix_url) as store:
        store.get_online_features(ENTITIES, FEATURES)
        server.db.config_set("requirepass", "s3cret")
        server.db.client_kill_filter(_type="normal", skipme=True)
        try:
            with pytest.raises(FeatureStoreError) as caught:
                store.get_online_features(ENTITIES, FEATURES)
        finally:
            server.db.config_set("requirepass", "")
        assert str(caught.value).startswith(server.unix_url)
        assert "put the user and password into REDIS_URL" in str(caught.value)


class _InterruptedError(BaseException):
    """Stands for Ctrl-C, which pytest keeps for itself."""


@pytest.mark.usefixtures("parser")
def test_a_read_that_is_interrupted(tiny: TinyStore, proxy: TcpProxy):
    """Its replies come later, and must not be taken for those of the next read."""

    def interrupt(*_: object) -> None:
        raise _InterruptedError

    with open_feature_store(tiny, proxy.url) as store:
        good = store.get_online_features(ENTITIES, FEATURES)
        proxy.hold(b"$5\r\nHMGET\r\n", len(ENTITIES) * len(FEATURES) + 1)
        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(_InterruptedError):
                store.get_online_features(ENTITIES[::-1], FEATURES)
        finally:
            signal.signal(signal.SIGALRM, before)
        # The replies are still held; over the same connection this read would let them go.
        assert store.get_online_features(ENTITIES, FEATURES) == good


def test_a_loading_server_is_an_error_that_redis_py_retries():
    """As redis-py does, whose own parser makes the same error of it."""
    pytest.importorskip("hiredis")
    parser = ReplyParser()
    parser.begin(2)
    with pytest.raises(redis.BusyLoadingError, match="LOADING Redis is loading"):
        parser.feed(b"-LOADING Redis is loading the dataset in memory\r\n")
