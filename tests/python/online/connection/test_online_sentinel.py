"""Tests of the primary behind real Sentinels, also after a failover."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest
import redis

from feature_store import FeatureStoreError
from feature_store.online.connection.open import open_online_store
from support.projects.customers_store import export_customers, open_feature_store
from support.projects.tiny_store import TinyStore
from support.servers.redis_sentinel import SERVICE, Sentinels, redis_sentinels
from support.servers.redis_server import redis_server, wait_for, wait_until_copied

pytestmark = pytest.mark.slow

REQUEST = ([{"customer_id": 1}], ["customer_purchases:v1", "customer_profile"])


@pytest.fixture(scope="module")
def sentinels() -> Iterator[Sentinels]:
    """Return one Sentinel, a primary and a replica, each kind with a password of its own."""
    with redis_sentinels(password="t0p/secret", sentinel_password="w@tch") as running:
        yield running


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory, sentinels: Sentinels) -> TinyStore:
    return export_customers(tmp_path_factory.mktemp("tiny"), sentinels.url)


def error_of(tiny: TinyStore, url: str) -> str:
    with pytest.raises(FeatureStoreError) as caught:
        tiny.read(url, *REQUEST)
    assert "t0p" not in str(caught.value)
    assert "w@tch" not in str(caught.value)
    return str(caught.value)


def test_the_primary_is_found_and_followed(tiny: TinyStore, sentinels: Sentinels):
    with redis_server() as single:
        tiny.export(single.unix_url)
        expected = tiny.read(single.unix_url, *REQUEST)
    with open_feature_store(tiny, sentinels.url) as store:
        assert store.get_online_features(*REQUEST) == expected
        assert sentinels.primary.call("INFO", "keyspace")["db0"]["keys"] > 1
        wait_until_copied(sentinels.primary, sentinels.replica)
        sentinels.switch_over()
        assert store.get_online_features(*REQUEST) == expected
        wait_until_copied(sentinels.primary, sentinels.replica)
        sentinels.fail_over()
        assert store.get_online_features(*REQUEST) == expected
        sentinels.bring_back()
        sentinels.wait_until_ready()


def test_a_write_after_a_switch_goes_to_the_new_primary(tiny: TinyStore, sentinels: Sentinels):
    """redis-py alone goes back to the server that it was connected to, however often it tries."""
    with open_online_store(tiny.settings(sentinels.url)) as store:
        store.client.set("x", 1)
        sentinels.switch_over()
        store.client.set("x", 2)
        assert sentinels.primary.call("GET", "x") == "2"
    sentinels.wait_until_ready()


def test_another_database(tiny: TinyStore, sentinels: Sentinels):
    url = sentinels.url_of(":t0p%2Fsecret@", database=3)
    with open_online_store(tiny.settings(url)) as store:
        store.client.set("x", 3)
    with sentinels.primary.client(db=3) as client:
        assert client.get("x") == "3"


def test_errors_of_sentinels(tiny: TinyStore, sentinels: Sentinels):
    url = sentinels.url
    shown = error_of(tiny, url.replace(f"/{SERVICE}/", "/feature/"))
    assert f"the Sentinels watch no 'feature'\nAllowed: near names: {SERVICE}" in shown
    for found, instead, expected in (
        ("w%40tch", "wr0ng", "WRONGPASS"),
        ("?sentinel_password=w%40tch", "", "NOAUTH"),
        (":t0p%2Fsecret@", ":wr0ng@", "WRONGPASS"),
        (":t0p%2Fsecret@", "", "NOAUTH"),
    ):
        assert f"refused a command: {expected}" in error_of(tiny, url.replace(found, instead))
    with redis_server() as single:
        shown = error_of(tiny, f"redis-sentinel://127.0.0.1:{single.port}/{SERVICE}")
    assert "there is a Redis server in the place of the Sentinel" in shown


def test_the_first_sentinel_may_be_down(tiny: TinyStore, sentinels: Sentinels):
    url = sentinels.url.replace("127.0.0.1:", "127.0.0.1:1,127.0.0.1:")
    assert tiny.read(url, *REQUEST).rows


def test_the_errors_of_sentinels_come_soon(tiny: TinyStore):
    with redis_sentinels(down_after_ms=200) as own:
        tiny.export(own.url)
        began = time.monotonic()
        with open_online_store(tiny.settings(own.url)) as store:
            own.replica.kill()
            own.primary.kill()
            error_of(tiny, own.url)  # it depends on whether the Sentinel has seen it
            wait_for(
                lambda: "s_down" in own.sentinel.call("SENTINEL MASTERS")[SERVICE]["flags"],
                "the Sentinel to see it",
            )
            assert "the Sentinels say that the primary is down" in error_of(tiny, own.url)
            with pytest.raises(redis.ConnectionError):
                store.client.get("x")
            own.sentinel.process.send_signal(signal.SIGSTOP)
            assert "the connection failed: Timeout" in error_of(tiny, own.url)
            own.sentinel.kill()
            assert "the connection failed" in error_of(tiny, own.url)
        assert time.monotonic() - began < 15
