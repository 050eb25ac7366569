"""Tests of the errors of online reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from feature_store import FeatureStore, FeatureStoreError
from support.projects.customers_store import AFFINITY, open_feature_store
from support.projects.tiny_store import TinyStore
from support.servers.redis_server import RedisServer, redis_server


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("customer_purchase:orders_28d", "near names: customer_purchases, customer_profile"),
        ("zzz", "known names: affinity, customer_profile, customer_purchases"),
        (
            "customer_purchases:orders_28",
            "v2 has no feature 'orders_28'\nAllowed: near names: orders_28d",
        ),
        ("customer_purchases:v1:is_new", "customer_purchases:v1 has no feature 'is_new'"),
        ("customer_purchases:v3:orders_28d", "has no version '3'\nAllowed: v1, v2"),
        ("customer_purchases:v1:a:b", "cannot be read\nAllowed: view:feature, view:v2:feature"),
        ("", "there is no feature view ''"),
    ],
)
def test_unknown_names(store: FeatureStore, reference: str, message: str):
    with pytest.raises(FeatureStoreError) as caught:
        store.get_online_features([{"customer_id": 1}], [reference])
    assert message in str(caught.value)


def test_no_features(store: FeatureStore):
    with pytest.raises(FeatureStoreError, match="no features are requested"):
        store.get_online_features([{"customer_id": 1}], [])


@pytest.mark.parametrize(
    ("entity", "message"),
    [
        ({}, "entity 1: {} has no customer_id\nAllowed: customer_purchases:v2 is read by"),
        ({"customer": 1}, "has no customer_id"),
        ({"customer_id": "x"}, "entity 1: customer_id is 'x'\nAllowed: bigint"),
        ({"customer_id": True}, "entity 1: customer_id is True\nAllowed: bigint"),
        ({"customer_id": 1.0}, "entity 1: customer_id is 1.0\nAllowed: bigint"),
        (1, "entity 1: 1\nAllowed: a list with one mapping an entity"),
    ],
)
def test_entities_that_cannot_be_read(store: FeatureStore, entity: object, message: str):
    with pytest.raises(FeatureStoreError) as caught:
        store.get_online_features([{"customer_id": 1}, entity], ["customer_purchases"])
    assert message in str(caught.value)


def test_a_view_that_is_not_served(tmp_path: Path, server: RedisServer):
    tiny = TinyStore(tmp_path, [AFFINITY])
    manifest = tiny.folder / "target" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"snapshot.tiny.served_affinity_v1"]', "]"))
    with pytest.raises(FeatureStoreError) as caught:
        tiny.read(server.unix_url, [{"customer_id": 1, "store": "a"}], ["affinity:share"])
    assert "affinity:share: affinity:v1 is not served\nNext: " in str(caught.value)


def test_what_another_program_wrote_under_our_keys(store: FeatureStore, server: RedisServer):
    keys = [f"fs:{{customer:{n}}}:customer_profile:v1" for n in (70, 71, 72)]
    server.db.set(keys[0], "text")
    server.db.hset(keys[1], "points", "many")
    server.db.hset(keys[2], "name", b"\xff\xfe")
    try:
        for n, message in (
            (70, f"{keys[0]}: the Redis server refused a command: WRONGTYPE"),
            (71, f"{keys[1]}, field points: 'many' cannot be read as hugeint"),
            (72, "holds bytes that are not text"),
        ):
            with pytest.raises(FeatureStoreError) as caught:
                store.get_online_features([{"customer_id": n}], ["customer_profile"])
            assert message in str(caught.value)
    finally:
        server.db.delete(*keys)
    [row] = store.get_online_features([{"customer_id": 1}], ["customer_profile:name"]).rows
    assert row["customer_profile:name"] == "Zoë"


def test_a_server_that_is_killed_and_restarted(tiny: TinyStore):
    with redis_server("--appendonly", "yes") as own:
        tiny.export(own.unix_url)
        requested = ([{"customer_id": 1}], ["customer_purchases:v1:orders_28d"])
        with open_feature_store(tiny, own.unix_url) as store:
            first = store.get_online_features(*requested)
            own.kill()
            for _ in range(2):
                with pytest.raises(FeatureStoreError, match="the connection failed") as caught:
                    store.get_online_features(*requested)
            assert "Next: start the server or correct REDIS_URL" in str(caught.value)
            own.start()
            assert store.get_online_features(*requested) == first
