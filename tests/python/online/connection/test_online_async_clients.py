"""Tests of the clients for asyncio: one server, a Cluster, Sentinels, TLS."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import redis
import redis.asyncio

from feature_store.errors import FeatureStoreError
from feature_store.online.connection.clients import AsyncClient, close_async_client
from feature_store.online.connection.cluster import pipelined_async
from feature_store.online.connection.open import clear_errors, open_async_store
from support.projects.things_store import THINGS
from support.projects.tiny_store import TinyStore
from support.servers.redis_cluster import redis_cluster
from support.servers.redis_sentinel import redis_sentinels
from support.servers.redis_server import redis_server
from support.servers.tls_proxy import Authority, tls_proxy

pytestmark = pytest.mark.slow

KEYS = [f"fs:{{x:{n}}}" for n in range(50)]


@pytest.fixture
def tiny(tmp_path: Path) -> TinyStore:
    return TinyStore(tmp_path / "tiny", [THINGS])


def run(tiny: TinyStore, url: str, use: Callable[[AsyncClient], Awaitable[None]]) -> None:
    """Run something with a client in an event loop of its own."""

    async def main() -> None:
        client = open_async_store(tiny.settings(url)).client
        try:
            with clear_errors(tiny.settings(url)):
                await use(client)
        finally:
            await close_async_client(client)

    asyncio.run(main())


def test_one_server(tiny: TinyStore, tmp_path: Path):
    authority = Authority(tmp_path)
    with redis_server("--requirepass", "p/w") as server, tls_proxy(server.port, authority) as proxy:
        trusting = f"{proxy.url}?{authority.option}"
        for url in (server.tcp_url, server.unix_url, trusting):

            async def use(client: AsyncClient, url: str = url) -> None:
                await client.set("x", url)
                assert await client.get("x") == url

            run(tiny, url.replace("://", "://:p%2Fw@"), use)
            with pytest.raises(FeatureStoreError, match="refused a command: NOAUTH"):
                run(tiny, url, lambda client: client.get("x"))
        with pytest.raises(FeatureStoreError, match=r"\?ssl_ca_certs=/path/ca.pem"):
            run(tiny, proxy.url, lambda client: client.get("x"))


def test_there_must_be_an_address(tiny: TinyStore):
    with pytest.raises(FeatureStoreError, match="Next: set REDIS_URL"):
        open_async_store(tiny.settings(None))
    with pytest.raises(FeatureStoreError, match="several hosts"):
        open_async_store(tiny.settings("redis://a,b"))


def test_a_cluster_whose_slots_move_and_whose_primary_fails(tiny: TinyStore):
    with redis_cluster(replicas=1, password="p/w") as cluster:

        async def use(client: AsyncClient) -> None:
            for key in KEYS:
                await client.set(key, key)
            gets = [("GET", key) for key in KEYS]
            assert await pipelined_async(client, gets) == KEYS
            slot = cluster.slot(KEYS[0])
            source = cluster.owner(slot)
            to = next(node for node in cluster.nodes[:3] if node is not source)
            move = cluster.begin_move(slot, to)
            move.move_keys()
            assert await pipelined_async(client, gets) == KEYS
            move.finish()
            assert await pipelined_async(client, gets) == KEYS
            replies = await pipelined_async(client, [("LLEN", KEYS[0]), *gets])
            assert isinstance(replies[0], redis.ResponseError)
            assert replies[1:] == KEYS
            cluster.switch_over(source)
            assert await pipelined_async(client, gets) == KEYS
            cluster.wait_until_copied()
            cluster.fail_over(cluster.owner(cluster.slot(KEYS[1])))
            assert await pipelined_async(client, gets) == KEYS

        for login, code in (("", "NOAUTH"), (":wr0ng", "WRONGPASS")):
            with pytest.raises(FeatureStoreError, match=f"refused a command: {code}"):
                run(tiny, cluster.url_of(login), lambda client: client.get("x"))
        run(tiny, cluster.url, use)


def test_nodes_that_stall_or_end(tiny: TinyStore):
    with redis_cluster() as cluster:

        async def use(client: AsyncClient) -> None:
            gets = [("GET", key) for key in KEYS]
            assert await pipelined_async(client, gets) == [None] * len(KEYS)
            stalled = cluster.owner(cluster.slot(KEYS[0]))
            began = time.monotonic()
            stalled.process.send_signal(signal.SIGSTOP)
            with pytest.raises(redis.TimeoutError):
                await pipelined_async(client, gets)
            stalled.kill()
            with pytest.raises(redis.ConnectionError):
                await pipelined_async(client, gets)
            stalled.start()
            cluster.wait_until_ready()
            assert await pipelined_async(client, gets) == [None] * len(KEYS)
            for node in cluster.nodes:
                node.kill()
            assert time.monotonic() - began < 15
            await pipelined_async(client, gets)

        with pytest.raises(FeatureStoreError, match="the connection failed") as caught:
            run(tiny, f"{cluster.url}?socket_timeout=0.5", use)
        assert "start the servers or correct REDIS_URL" in str(caught.value)


def test_a_primary_that_sentinels_replace(tiny: TinyStore):
    with redis_sentinels(password="p/w", sentinel_password="w@tch") as sentinels:

        async def use(client: AsyncClient) -> None:
            await client.set("x", 1)
            sentinels.switch_over()
            await client.set("x", 2)
            assert sentinels.primary.call("GET", "x") == "2"

        run(tiny, sentinels.url, use)
        unknown = sentinels.url.replace("/features/", "/others/")
        with pytest.raises(FeatureStoreError, match="the Sentinels name no primary"):
            run(tiny, unknown, lambda client: client.get("x"))
