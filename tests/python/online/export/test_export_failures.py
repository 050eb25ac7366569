"""Tests of the errors of an export: each is one clear message, and the metadata stay."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from feature_store.errors import FeatureStoreError
from support.projects.things_store import META, THINGS, completed, serve_many
from support.projects.tiny_store import TinyStore, View
from support.servers.redis_server import (
    RedisServer,
    assert_clear,
    documented_rights,
    redis_server,
    wait_for,
)

pytestmark = pytest.mark.slow


def test_the_prefix_of_another_project_is_refused_at_once(store: TinyStore, server: RedisServer):
    server.db.set("fs:meta", "shop")
    with pytest.raises(FeatureStoreError, match="belong to the project 'shop'"):
        store.export(server.unix_url)
    assert server.db.dbsize() == 1
    store.prefix = "fs2"
    store.export(server.unix_url)
    assert server.db.get("fs:meta") == "shop"
    assert server.db.get("fs2:meta") == "tiny"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("drop table snapshots.served_things_v1", "does not exist"),
        ("alter table snapshots.served_things_v1 drop column b", '"b"'),
        ("update snapshots.served_things_v1 set thing_id = null where thing_id = 2", "have no"),
        ("update snapshots.served_things_v1 set feature_time = null", "have no"),
    ],
)
def test_a_snapshot_that_cannot_be_sent_is_refused_before_anything_is_sent(
    store: TinyStore, server: RedisServer, damage: str, message: str
):
    store.execute(damage)
    with pytest.raises(FeatureStoreError) as caught:
        store.export(server.unix_url)
    assert str(caught.value).startswith("things:v1: ")
    assert '"snapshots"."served_things_v1"' in str(caught.value)
    assert message in str(caught.value)
    assert "Next: " in str(caught.value)
    assert server.db.dbsize() == 0


def test_a_value_that_is_not_of_the_declared_type(store: TinyStore, server: RedisServer):
    store.export(server.unix_url)
    before = completed(server.db)
    store.declare([replace(THINGS, features={"a": "integer", "b": "integer"})])
    with pytest.raises(FeatureStoreError, match=r"things:v1: .*Conversion Error"):
        store.export(server.unix_url)
    assert completed(server.db) == before


@pytest.mark.parametrize("thing_id", [1, 2], ids=["plain", "in a transaction"])
def test_a_foreign_key_is_left_alone(store: TinyStore, server: RedisServer, thing_id: int):
    store.export(server.unix_url)
    key = f"fs:{{thing:{thing_id}}}:things:v1"
    before = completed(server.db)
    server.db.set(key, "foreign")
    store.serve(THINGS, [(1, 11, "x"), (2, None, "z")])
    with pytest.raises(FeatureStoreError) as caught:
        store.export(server.unix_url)
    assert re.match("things:v1: the Redis server refused a command: WRONGTYPE", str(caught.value))
    assert "Next: another program uses a key of this prefix" in str(caught.value)
    assert server.db.get(key) == "foreign"
    assert completed(server.db) == before


def test_a_server_that_is_full(store: TinyStore, own_server: RedisServer):
    store.export(own_server.unix_url)
    serve_many(store)
    client = own_server.db
    before = completed(client)
    with pytest.raises(FeatureStoreError) as caught:
        store.export(own_server.unix_url, on_rows=lambda _: client.config_set("maxmemory", 1))
    assert str(caught.value).startswith("things:v1: the Redis server refused a command: OOM ")
    assert "Next: give the server more memory" in str(caught.value)
    assert completed(client) == before
    done = store.run_script("export_to_redis.py", own_server.tcp_url)
    assert_clear(done, "the Redis server refused a command: OOM ", "more memory")
    assert completed(client) == before


def test_a_replica(store: TinyStore, own_server: RedisServer):
    store.export(own_server.unix_url)
    with redis_server() as replica:
        replica.db.replicaof("127.0.0.1", str(own_server.port))
        wait_for(lambda: replica.db.exists(META), "the replica to copy the data")
        before = completed(replica.db)
        done = store.run_script("export_to_redis.py", replica.unix_url)
        assert_clear(done, "READONLY", "Next: point REDIS_URL at the primary")
        assert completed(replica.db) == before


def test_a_server_with_a_password(store: TinyStore):
    with redis_server("--requirepass", "t0p/secret") as server:
        good = f"redis://:t0p%2Fsecret@127.0.0.1:{server.port}"
        store.export(good)
        with server.client(password="t0p/secret") as client:
            before = completed(client)
            for url, code in (
                (server.tcp_url, "NOAUTH"),
                (good.replace("//:", "//nobody:"), "WRONGPASS"),
            ):
                with pytest.raises(FeatureStoreError, match=f"refused a command: {code}") as caught:
                    store.export(url)
                assert "user and password" in str(caught.value)
                assert "secret" not in str(caught.value)
            done = store.run_script("export_to_redis.py", good.replace("t0p", "w0rse"))
            assert_clear(done, "refused a command: WRONGPASS", "user and password")
            assert "secret" not in done.stderr + done.stdout
            assert completed(client) == before


def test_the_documented_rights_are_enough(store: TinyStore):
    rights = documented_rights()
    with redis_server() as server:
        for rule in rights.values():
            server.db.execute_command(*rule)
        exporter, reader = (
            f"redis://{name}:pw@127.0.0.1:{server.port}" for name in ("exporter", "reader")
        )
        store.export(exporter)
        store.serve(THINGS, [(1, None, "x")])
        store.declare([replace(THINGS, ttl=None, layout="packed")])
        store.export(exporter, sample=None)
        store.declare([replace(THINGS, ttl=None)])
        store.export(exporter, full=True)
        # redis-py sends its version (CLIENT SETINFO) and ignores the reply.
        assert {entry["object"] for entry in server.db.acl_log()} <= {"client"}
        [row] = store.read(reader, [{"thing_id": 1}], ["things:b"]).rows
        assert row["things:b"] == "x"
        with pytest.raises(FeatureStoreError, match="NOPERM") as caught:
            store.export(reader)
        assert "docs/operate/online_store.md" in str(caught.value)


def test_after_a_failure_the_complete_views_are_listed(tmp_path: Path, server: RedisServer):
    views = [THINGS, View("zebras", {"thing_id": "bigint"}, {"a": "integer"})]
    store = TinyStore(tmp_path / "two", views)
    for view, row in zip(views, [(1, 2, "x"), (1, 2)], strict=True):
        store.serve(view, [row])
    server.db.set("fs:{thing:1}:zebras:v1", "foreign")
    done = store.run_script("export_to_redis.py", server.unix_url)
    assert_clear(done, "error zebras:v1: the Redis server refused a command: WRONGTYPE")
    assert "things:v1" in done.stdout
    assert "zebras" not in done.stdout
    assert server.db.exists(META)
    assert not server.db.hexists("fs:meta:zebras:v1", "watermark")


def test_a_manifest_that_is_missing_or_broken(store: TinyStore, server: RedisServer):
    path = store.folder / "target" / "manifest.json"
    path.write_text("{")
    with pytest.raises(FeatureStoreError, match=r"manifest.json: cannot be read"):
        store.export(server.unix_url)
    path.unlink()
    done = store.run_script("export_to_redis.py", server.unix_url)
    assert_clear(done, "manifest.json", "Next: run dbt build")
