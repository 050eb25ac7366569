"""Reading from a Cluster and behind Sentinels, in both variants."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from feature_store import FeatureStore, FeatureStoreError
from support.projects.customers_store import export_customers, open_feature_store
from support.projects.things_store import THINGS
from support.projects.tiny_store import TinyStore
from support.servers.redis_cluster import Cluster, redis_cluster
from support.servers.redis_sentinel import redis_sentinels
from support.servers.redis_server import redis_server

FEATURES = ["customer_purchases", "customer_profile", "affinity"]
ENTITIES = [{"customer_id": n, "store": "Süd|1"} for n in range(60)]


def both(store: FeatureStore, entities: list[Any], features: list[str]) -> tuple[Any, Any]:
    """Return the results of both variants."""

    async def read() -> Any:
        async with store:
            return await store.get_online_features_async(entities, features)

    return store.get_online_features(entities, features), asyncio.run(read())


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with redis_cluster() as running:
        yield running


def test_a_cluster_gives_the_results_of_one_server(tmp_path: Path, cluster: Cluster):
    tiny = export_customers(tmp_path / "tiny", cluster.url)
    with redis_server() as single:
        tiny.export(single.unix_url)
        expected = tiny.read(single.unix_url, ENTITIES, FEATURES)
    assert expected.rows[1]["customer_profile:name"] == "Zoë"
    with open_feature_store(tiny, cluster.url) as store:
        assert both(store, ENTITIES, FEATURES) == (expected, expected)


def test_packed_rows_of_an_older_schema_in_a_cluster(tmp_path: Path, cluster: Cluster):
    old = replace(THINGS, layout="packed")
    tiny = TinyStore(tmp_path, [old])
    tiny.prefix = "packed"
    tiny.serve(old, [(n, n, "x") for n in range(1, 40)])
    tiny.export(cluster.url)
    tiny.declare([replace(old, features={"b": "varchar", "a": "bigint", "c": "date"})])
    with open_feature_store(tiny, cluster.url) as store:
        store.settings = replace(store.settings, prefix="packed")
        found = both(store, [{"thing_id": n} for n in range(41)], ["things"])
    assert found[0] == found[1]
    assert found[0].rows[39] == {"thing_id": 39, "things:b": "x", "things:a": 39, "things:c": None}
    assert found[0].statuses[40]["things:b"] == "not_found"


def test_a_foreign_key_in_a_cluster_is_named(tmp_path: Path, cluster: Cluster):
    tiny = export_customers(tmp_path / "tiny", cluster.url)
    key = "fs:{customer:70}:customer_profile:v1"
    with cluster.client() as client, open_feature_store(tiny, cluster.url) as store:
        client.set(key, "text")
        entities = [{"customer_id": n, "store": "Nord"} for n in (1, 70, 2)]
        with pytest.raises(FeatureStoreError, match=f"{key}: .*WRONGTYPE"):
            store.get_online_features(entities, FEATURES)
        with pytest.raises(FeatureStoreError, match=f"{key}: .*WRONGTYPE"):
            asyncio.run(store.get_online_features_async(entities, FEATURES))
        client.delete(key)


def test_behind_sentinels(tmp_path: Path):
    with redis_sentinels() as sentinels:
        tiny = export_customers(tmp_path / "tiny", sentinels.url)
        with open_feature_store(tiny, sentinels.url) as store:
            one, other = both(store, ENTITIES, FEATURES)
    assert one == other
    assert one.rows[1]["customer_profile:name"] == "Zoë"
