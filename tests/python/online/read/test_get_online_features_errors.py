"""Tests of the errors of online reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from feature_store import FeatureStore, FeatureStoreError
from support.projects.customers_store import AFFINITY
from support.projects.tiny_store import TinyStore
from support.servers.redis_server import RedisServer


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


def test_a_generator_of_references_is_refused_after_the_same_list(store: FeatureStore):
    wanted = ["customer_purchases:orders_28d"]
    store.get_online_features([{"customer_id": 1}], wanted)
    with pytest.raises(FeatureStoreError, match="Allowed: "):
        store.get_online_features([{"customer_id": 1}], (one for one in wanted))


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
