"""Tests that an export with nothing to send finds keys that were lost since their export."""

from __future__ import annotations

from dataclasses import replace

import pytest

from feature_store.errors import FeatureStoreError
from support.projects.things_store import KEY, META, THINGS, serve_many
from support.projects.tiny_store import TinyStore
from support.servers.redis_cluster import redis_cluster
from support.servers.redis_server import RedisServer, redis_server

pytestmark = pytest.mark.slow

NOTHING_NEW = "nothing new since the last export at 20"


@pytest.fixture
def exported(store: TinyStore, server: RedisServer) -> TinyStore:
    store.export(server.unix_url)
    return store


def test_nothing_new_prints_the_time_and_the_checked_keys(exported: TinyStore, server: RedisServer):
    done = exported.run_script("export_to_redis.py", server.unix_url)
    assert done.returncode == 0
    assert NOTHING_NEW in done.stdout
    assert "3 keys were checked, and are online" in done.stdout
    assert not {"keys", "scan", "flushdb", "flushall"} & {*server.calls()}
    unseen = exported.run_script("export_to_redis.py", server.unix_url, "--verify", "0")
    assert unseen.returncode == 0
    assert "whether the keys are still online was not checked" in " ".join(unseen.stdout.split())


def test_the_first_export_of_a_view_without_rows(store: TinyStore, server: RedisServer):
    store.execute("delete from snapshots.served_things_v1")
    done = store.run_script("export_to_redis.py", server.unix_url)
    assert done.returncode == 0, done.stderr
    assert "nothing to send: no view has rows yet" in done.stdout
    assert "last export" not in done.stdout


@pytest.mark.parametrize("command", [("del", KEY), ("set", KEY, "x")], ids=["deleted", "foreign"])
def test_a_deleted_or_replaced_key(
    exported: TinyStore, server: RedisServer, command: tuple[str, ...]
):
    server.call(*command)
    done = exported.run_script("export_to_redis.py", server.unix_url)
    assert done.returncode == 1
    assert "3 keys were checked, 1 of them are missing or differ" in done.stdout
    assert f"things:v1: 1 of 3 keys that were checked are not online, such as {KEY}" in (
        " ".join(done.stderr.split())
    )
    assert "--full" in done.stderr
    [healed] = exported.export(server.unix_url)
    assert (healed.reason, healed.rows) == ("the last export found keys missing", 3)
    assert server.db.type(KEY) == "hash"
    [again] = exported.export(server.unix_url)
    assert (again.reason, again.rows, again.sampled) == ("changes", 0, 3)


def test_one_of_many_keys_is_missing_by_the_number_of_keys(store: TinyStore, server: RedisServer):
    """One in 20,001 is in hardly any sample; keys of other programs do not stand in for it."""
    serve_many(store)
    store.export(server.unix_url, sample=10)
    server.db.delete("fs:{thing:77}:things:v1")
    with pytest.raises(FeatureStoreError, match=r"keys? .*(online|server)") as caught:
        store.export(server.unix_url)
    assert "--full" in str(caught.value)
    store.export(server.unix_url, full=True)
    server.db.mset({f"other:{n}": "1" for n in range(50)})
    assert [one.rows for one in store.export(server.unix_url)] == [0]


@pytest.mark.parametrize("layout", ["hash", "packed"])
def test_most_keys_were_evicted(store: TinyStore, layout: str):
    with redis_server() as server:
        store.declare([replace(THINGS, layout=layout)])
        serve_many(store)
        store.export(server.unix_url)
        server.db.config_set("maxmemory-policy", "allkeys-random")
        server.db.config_set("maxmemory", server.db.info("memory")["used_memory"] * 2 // 3)
        server.db.set("other", "1")  # makes it look at its memory
        assert server.db.info("stats")["evicted_keys"] > 0
        done = store.run_script("export_to_redis.py", server.unix_url)
        assert done.returncode == 1
        assert "maxmemory-policy is allkeys-random" in " ".join(done.stderr.split())
        assert "the server has evicted" in " ".join(done.stderr.split())
        server.db.config_set("maxmemory", 0)
        full = store.run_script("export_to_redis.py", server.unix_url, "--full")
        assert (full.returncode, full.stderr) == (0, "")
        assert store.run_script("export_to_redis.py", server.unix_url).returncode == 0


def test_a_database_that_was_emptied(exported: TinyStore, server: RedisServer):
    server.db.flushdb()
    [again] = exported.export(server.unix_url)
    assert (again.reason, again.rows) == ("first export", 3)


def test_a_server_that_was_restarted_without_its_data(store: TinyStore):
    with redis_server() as server:
        store.export(server.unix_url)
        server.kill()
        server.start()
        [again] = store.export(server.unix_url)
        assert (again.reason, again.rows) == ("first export", 3)


def test_rows_that_may_have_expired_do_not_count_as_lost(exported: TinyStore, server: RedisServer):
    """They are sent again as the TTL asks for; the number of keys says nothing of them."""
    server.db.hset(META, "lives_from", "2026-01-01T00:00:00Z")
    server.db.delete(KEY)
    assert [one.reason for one in exported.export(server.unix_url)] == ["half of the TTL is over"]


def test_a_cluster_whose_node_lost_keys(store: TinyStore):
    with redis_cluster() as cluster:
        store.export(cluster.url)
        assert [one.sampled for one in store.export(cluster.url)] == [3]
        with cluster.client() as client:
            client.delete(KEY)
        with pytest.raises(FeatureStoreError, match="1 of 3 keys"):
            store.export(cluster.url)
        store.export(cluster.url, full=True)
        assert [one.sampled for one in store.export(cluster.url)] == [3]
