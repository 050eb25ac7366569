"""Tests of reads from a real Redis Cluster: moving slots, failing nodes, users' rights."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import redis

from feature_store import FeatureStore, FeatureStoreError
from feature_store.online.connection.cluster import pipelined
from feature_store.online.connection.open import open_online_store
from feature_store.online.connection.topology import SLOTS
from support.projects.customers_store import (
    AFFINITY,
    PROFILE,
    PURCHASES,
    export_customers,
    open_feature_store,
)
from support.projects.tiny_store import TinyStore
from support.servers.redis_cluster import Cluster, redis_cluster
from support.servers.redis_cluster_node import Node
from support.servers.redis_server import redis_server
from support.servers.tcp_proxy import cutting_proxy

pytestmark = pytest.mark.slow

PASSWORD = "t0p/secret"
ONE = [{"customer_id": 1, "store": "Süd|1"}]
TWO = [*ONE, {"customer_id": 2, "store": "Nord"}]
FEATURES = ["customer_purchases:v1", "customer_profile", "affinity"]
KEY = "fs:{customer:1}:customer_purchases:v1"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Return three primaries with a password, each behind a proxy."""
    with ExitStack() as stack:
        fronts = [stack.enter_context(cutting_proxy(0)) for _ in range(3)]
        yield stack.enter_context(redis_cluster(password=PASSWORD, fronts=fronts))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> TinyStore:
    return export_customers(tmp_path_factory.mktemp("tiny"), cluster.url)


@pytest.fixture
def store(tiny: TinyStore, cluster: Cluster) -> Iterator[FeatureStore]:
    """Return the feature store as a notebook sees it."""
    with open_feature_store(tiny, cluster.url) as opened:
        yield opened


@pytest.fixture(scope="module")
def expected(tiny: TinyStore) -> object:
    """Return the result of reading from one server."""
    with redis_server() as single:
        tiny.export(single.unix_url)
        return tiny.read(single.unix_url, TWO, FEATURES)


def other_node(cluster: Cluster, slot: int) -> Node:
    return next(node for node in cluster.nodes if node is not cluster.owner(slot))


def test_one_slot_an_entity_and_many_for_all_entities(tiny: TinyStore, cluster: Cluster):
    with cluster.client() as client:
        keys = [key for key in client.keys(target_nodes="primaries") if "{" in key]
    slots: dict[str, set[int]] = {}
    for key in keys:
        slots.setdefault(key[: key.index("}")], set()).add(cluster.slot(key))
    assert {len(found) for found in slots.values()} == {1}
    labels = {key.partition("}:")[2] for key in keys if "customer:1}" in key}
    assert {PURCHASES.label, PROFILE.label} <= labels
    assert f"fs:{{customer|store:1|Nord}}:{AFFINITY.label}" in keys
    assert len({cluster.slot(f"fs:{{customer:{n}}}:x") for n in range(100)}) > 90


def test_a_slot_moves_while_the_store_is_open(
    store: FeatureStore, cluster: Cluster, expected: object
):
    assert store.get_online_features(TWO, FEATURES) == expected
    slot = cluster.slot(KEY)
    move = cluster.begin_move(slot, other_node(cluster, slot))
    assert store.get_online_features(TWO, FEATURES) == expected
    assert move.move_keys(1) == 1
    assert store.get_online_features(TWO, FEATURES) == expected
    move.finish()
    assert cluster.owner(slot) is move.to
    assert move.to.call("EXISTS", KEY) == 1
    assert store.get_online_features(TWO, FEATURES) == expected


@pytest.mark.parametrize(
    ("login", "code", "step"),
    [
        ("", "NOAUTH", "put the user and password into REDIS_URL"),
        (":wr0ng", "WRONGPASS", "correct the user and password in REDIS_URL"),
        ("nobody:wr0ng", "WRONGPASS", "correct the user and password in REDIS_URL"),
        ("guest:g", "NOPERM", "docs/operate/online_store.md"),
        ("half:h", "NOPERM", "docs/operate/online_store.md"),
    ],
)
def test_rejected_logins(tiny: TinyStore, cluster: Cluster, login: str, code: str, step: str):
    cluster.call_each("ACL SETUSER", "guest", "on", ">g", "~fs:*", "-@all", "+hmget")
    cluster.call_each(
        *("ACL SETUSER", "half", "on", ">h", "~fs:*", "-@all", "+cluster|slots", "+command")
    )
    with pytest.raises(FeatureStoreError) as caught:
        tiny.read(cluster.url_of(login), ONE, FEATURES)
    assert f"the Redis server refused a command: {code} " in str(caught.value)
    assert step in str(caught.value)
    assert "wr0ng" not in str(caught.value)


def test_the_rights_that_a_reader_needs(tiny: TinyStore, cluster: Cluster, expected: object):
    rights = ("+hmget", "+cluster|slots", "+command")
    cluster.call_each("ACL SETUSER", "reader", "on", ">r/w", "~fs:*", "-@all", *rights)
    assert tiny.read(cluster.url_of("reader:r%2Fw"), TWO, FEATURES) == expected


def test_a_node_by_the_address_of_one_server(tiny: TinyStore, cluster: Cluster):
    slot = cluster.slot(KEY)
    url = f"redis://:{PASSWORD.replace('/', '%2F')}@127.0.0.1:{other_node(cluster, slot).port}"
    with pytest.raises(FeatureStoreError, match="MOVED") as caught:
        tiny.read(url, ONE, FEATURES)
    assert "begin REDIS_URL with redis-cluster://" in str(caught.value)


def test_one_server_by_the_address_of_a_cluster(tiny: TinyStore):
    with redis_server() as single, pytest.raises(FeatureStoreError) as caught:
        tiny.read(f"redis-cluster://127.0.0.1:{single.port}", ONE, FEATURES)
    assert "no node of a Cluster: begin REDIS_URL with redis:// " in str(caught.value)


def test_one_reachable_address_is_enough(tiny: TinyStore, cluster: Cluster, expected: object):
    [node] = [node for node in cluster.nodes if node is cluster.owner(SLOTS - 1)]
    url = cluster.url_of(f":{PASSWORD.replace('/', '%2F')}", [node])
    assert tiny.read(url, TWO, FEATURES) == expected
    assert tiny.read(url.replace("127.0.0.1:", "127.0.0.1:1,127.0.0.1:"), TWO, FEATURES) == expected


def test_a_stalled_node_costs_few_timeouts_for_many_keys(tiny: TinyStore, cluster: Cluster):
    """redis-py alone would wait for it several times a key."""
    gets = [("GET", f"fs:{{x:{n}}}") for n in range(100)]
    settings = tiny.settings(f"{cluster.url}?socket_timeout=0.5")
    with open_online_store(settings) as store:
        client = store.client
        assert pipelined(client, gets) == [None] * 100
        front = cluster.owner(cluster.slot("fs:{x:1}")).front
        before = front.cuts
        front.cut_after(0, "stall", times=1000)
        with pytest.raises(redis.TimeoutError):
            pipelined(client, gets)
        # The pipeline, its first command again, and each time perhaps a request for the slots.
        assert front.cuts < before + 12
        front.cut_after(0, times=0)
        assert pipelined(client, gets) == [None] * 100
        before = front.cuts
        front.cut_after(0, "stall", times=1000)
        with pytest.raises(redis.TimeoutError):
            client.get("fs:{x:1}")
        assert front.cuts == before + 1
        front.cut_after(0, times=0)
        assert pipelined(client, gets) == [None] * 100
    failed = pytest.raises(FeatureStoreError, match="the connection failed: Timeout")
    with failed, open_online_store(settings) as store:
        front.cut_after(0, "stall", times=1000)
        pipelined(store.client, gets)
    front.cut_after(0, times=0)


def test_a_node_stalls_or_cuts_connections(tiny: TinyStore, cluster: Cluster, expected: object):
    front = cluster.owner(cluster.slot(KEY)).front
    requested = (TWO, FEATURES)

    async def fail_and_recover(store: FeatureStore) -> None:
        assert await store.get_online_features_async(*requested) == expected
        front.cut_after(3, "stall", times=1000)
        with pytest.raises(FeatureStoreError, match="the connection failed: Timeout"):
            await store.get_online_features_async(*requested)
        front.cut_after(3, "reset")
        assert await store.get_online_features_async(*requested) == expected
        await store.aclose()

    with open_feature_store(tiny, f"{cluster.url}?socket_timeout=0.2") as store:
        assert store.get_online_features(*requested) == expected
        front.cut_after(3, "stall", times=1000)
        with pytest.raises(FeatureStoreError, match="the connection failed: Timeout"):
            store.get_online_features(*requested)
        front.cut_after(3, "reset")
        assert store.get_online_features(*requested) == expected
        asyncio.run(fail_and_recover(store))


def test_a_cluster_that_loses_a_primary_and_gets_it_back(tiny: TinyStore, expected: object):
    with redis_cluster(node_timeout_ms=1000) as own:
        tiny.export(own.url)
        lost = own.owner(own.slot(KEY))
        with open_feature_store(tiny, own.url) as store:
            assert store.get_online_features(TWO, FEATURES) == expected
            lost.kill()
            began = time.monotonic()
            with pytest.raises(FeatureStoreError, match="the connection failed") as caught:
                store.get_online_features(ONE, FEATURES)
            assert "where one failed, wait until another has its place" in str(caught.value)
            others = [node for node in own.nodes if node is not lost]
            own.wait_until(
                lambda node: node.call("CLUSTER INFO")["cluster_state"] == "fail", "it to fail"
            )
            key = next(
                f"fs:{{customer:{n}}}:x"
                for n in range(1000)
                if own.owner(own.slot(f"fs:{{customer:{n}}}:x")) is others[0]
            )
            cluster_down = pytest.raises(FeatureStoreError, match="CLUSTERDOWN")
            with cluster_down as caught, open_online_store(tiny.settings(own.url)) as online:
                online.client.get(key)
            assert "wait until every slot has a primary again" in str(caught.value)
            for node in others:
                node.kill()
            with pytest.raises(FeatureStoreError, match="the connection failed"):
                store.get_online_features(ONE, FEATURES)
            assert time.monotonic() - began < 20
            for node in own.nodes:
                node.start()
            own.wait_until_ready()
            assert store.get_online_features(TWO, FEATURES) == expected


def test_a_replica_takes_the_place_of_its_primary(tiny: TinyStore, expected: object):
    with redis_cluster(replicas=1) as own:
        tiny.export(own.url)
        with open_feature_store(tiny, own.url) as store:
            assert store.get_online_features(TWO, FEATURES) == expected
            own.switch_over(own.owner(own.slot(KEY)))
            assert store.get_online_features(TWO, FEATURES) == expected
            primary = own.owner(own.slot(KEY))
            replica = own.replica_of(primary)
            own.wait_until_copied()
            assert own.fail_over(primary) is replica
            assert store.get_online_features(TWO, FEATURES) == expected
