"""Tests of asynchronous reads: the same results, one connection an event loop, all closed."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from feature_store import FeatureStore, FeatureStoreError
from support.projects.customers_store import export_customers, open_feature_store
from support.projects.tiny_store import TinyStore
from support.servers.embedded_redis import data_file_in
from support.servers.redis_server import RedisServer, redis_server, wait_for

pytestmark = pytest.mark.slow

FEATURES = ["customer_purchases:v1", "customer_profile", "affinity"]
ENTITIES = [{"customer_id": n, "store": "Süd|1"} for n in range(300)]


@pytest.fixture(params=["unix_url", "tcp_url"])
def either(
    request: pytest.FixtureRequest, tiny: TinyStore, server: RedisServer
) -> Iterator[FeatureStore]:
    """Return the feature store, by a socket or a port."""
    with open_feature_store(tiny, getattr(server, request.param)) as opened:
        yield opened


def connections(server: RedisServer) -> int:
    """Return the number of clients besides the one that counts."""
    return len(server.db.client_list()) - 1


@pytest.mark.usefixtures("parser")
def test_results_are_those_of_the_synchronous_variant(either: FeatureStore):
    async def read() -> list[Any]:
        async with either:
            requested = (
                either.get_online_features_async(ENTITIES[start:], FEATURES, max_age="9999d")
                for start in range(20)
            )
            return await asyncio.gather(*requested)

    found = asyncio.run(read())
    assert found == [
        either.get_online_features(ENTITIES[start:], FEATURES, max_age="9999d")
        for start in range(20)
    ]


def test_connections_are_kept_and_closed(tiny: TinyStore, server: RedisServer):
    before = connections(server)

    async def read(store: FeatureStore) -> int:
        async with store:
            await store.get_online_features_async(ENTITIES, FEATURES)
            opened = connections(server)
            for _ in range(5):
                await store.get_online_features_async(ENTITIES, FEATURES)
            assert connections(server) == opened
        return opened

    with open_feature_store(tiny, server.unix_url) as store:
        assert asyncio.run(read(store)) > before
        wait_for(lambda: connections(server) == before, "the connections to be closed")
        assert asyncio.run(read(store)) > before  # again, in another event loop
        wait_for(lambda: connections(server) == before, "the connections to be closed again")


def test_event_loops_one_after_the_other_without_closing(tiny: TinyStore, server: RedisServer):
    before = connections(server)

    def read(store: FeatureStore) -> Any:
        result = asyncio.run(store.get_online_features_async(ENTITIES, FEATURES))
        gc.collect()
        # That of an event loop which is gone goes when the next one comes.
        wait_for(lambda: connections(server) <= before + 1, "all but the last to be closed")
        return result

    with open_feature_store(tiny, server.unix_url) as store:
        reads = [read(store) for _ in range(3)]
        assert reads[0] == reads[1] == reads[2] == store.get_online_features(ENTITIES, FEATURES)
    gc.collect()
    wait_for(lambda: connections(server) == before, "the connections to be closed")


@pytest.mark.usefixtures("parser")
def test_errors_are_clear_and_leave_a_usable_connection(store: FeatureStore, server: RedisServer):
    key = "fs:{customer:70}:customer_profile:v1"

    async def read() -> None:
        async with store:
            good = await store.get_online_features_async(ENTITIES, FEATURES)
            with pytest.raises(FeatureStoreError, match="has no customer_id"):
                await store.get_online_features_async([{}], FEATURES)
            with pytest.raises(FeatureStoreError, match="max_age: 1"):
                await store.get_online_features_async(ENTITIES, FEATURES, max_age=1)
            for write, message in (("set", "WRONGTYPE"), ("hset", "holds bytes that are not text")):
                server.db.delete(key)
                server.db.set(key, "x") if write == "set" else server.db.hset(key, "name", b"\xff")
                with pytest.raises(FeatureStoreError, match=message):
                    await store.get_online_features_async(ENTITIES, FEATURES)
            server.db.delete(key)
            assert await store.get_online_features_async(ENTITIES, FEATURES) == good

    asyncio.run(read())


@pytest.mark.usefixtures("parser")
def test_a_read_that_is_cancelled(store: FeatureStore, server: RedisServer):
    """Its replies must not be taken for those of the next read."""

    async def read() -> None:
        async with store:
            good = await store.get_online_features_async(ENTITIES, FEATURES)
            server.process.send_signal(signal.SIGSTOP)
            try:
                task = asyncio.create_task(
                    store.get_online_features_async(ENTITIES[::-1], FEATURES)
                )
                for _ in range(20):  # turns of the loop, until it waits for the server
                    await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            finally:
                server.process.send_signal(signal.SIGCONT)
            assert await store.get_online_features_async(ENTITIES, FEATURES) == good

    asyncio.run(read())


def test_a_server_that_is_killed_and_restarted(tiny: TinyStore):
    with redis_server("--appendonly", "yes") as own:
        tiny.export(own.unix_url)

        async def read(store: FeatureStore) -> None:
            requested = (ENTITIES, FEATURES)
            async with store:
                first = await store.get_online_features_async(*requested)
                assert store.get_online_features(*requested) == first
                own.kill()
                for _ in range(2):
                    with pytest.raises(FeatureStoreError, match="the connection failed"):
                        await store.get_online_features_async(*requested)
                    with pytest.raises(FeatureStoreError, match="the connection failed") as caught:
                        store.get_online_features(*requested)
                assert "Next: start the server or correct REDIS_URL" in str(caught.value)
                own.start()
                assert await store.get_online_features_async(*requested) == first
                assert store.get_online_features(*requested) == first

        with open_feature_store(tiny, own.unix_url) as store:
            asyncio.run(read(store))


@pytest.mark.parametrize("how", ["async with", "close", "left open"])
def test_no_embedded_server_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str):
    for name in ("REDIS_URL", "DBT_TARGET", "DBT_TARGET_PATH", "DBT_PROFILES_DIR"):
        monkeypatch.delenv(name, raising=False)
    tiny = export_customers(tmp_path / "tiny", None)

    async def read(store: FeatureStore) -> Any:
        if how != "async with":
            return await store.get_online_features_async(ENTITIES[1:2], FEATURES)
        async with store:
            return await store.get_online_features_async(ENTITIES[1:2], FEATURES)

    with data_file_in(tiny.folder / "target"):
        store = FeatureStore(project_dir=tiny.folder)
        result = asyncio.run(read(store))
        assert result.rows[0]["customer_profile:name"] == "Zoë"
        if how == "close":
            store.close()
        if how != "left open":
            assert not (tiny.folder / "target" / "redis" / "dev.socket").exists()
        del store
        gc.collect()
