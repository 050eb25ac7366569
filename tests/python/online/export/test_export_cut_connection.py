"""Tests of connections that are cut, or stall, inside a reply: the export connects again."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from support.projects.random_store import RandomStore
from support.servers.redis_server import RedisServer
from support.servers.tcp_proxy import Cut, TcpProxy, cutting_proxy

pytestmark = pytest.mark.slow

ENTITIES = 100


@pytest.fixture
def proxy(server: RedisServer, project: RandomStore) -> Iterator[TcpProxy]:
    """Return a proxy, over which the project was exported."""
    with cutting_proxy(server.port) as running:
        project.url = running.url
        project.export()
        yield running


def reply_bytes(proxy: TcpProxy, project: RandomStore) -> int:
    """Return the number of bytes of the replies to a delta export."""
    project.change()
    before = proxy.reply_bytes
    project.export()
    return proxy.reply_bytes - before


@pytest.mark.parametrize("how", ["reset", "close"])
def test_cut_at_any_byte_of_the_replies(proxy: TcpProxy, project: RandomStore, how: Cut):
    chance = random.Random(how)
    total = reply_bytes(proxy, project)
    positions = [*range(0, 60, 20), *chance.sample(range(total - 100), 22)]
    for position in positions:
        project.change()
        proxy.cut_after(position, how)
        project.export_and_compare()
    assert proxy.cuts == len(positions)


def test_stalled(proxy: TcpProxy, project: RandomStore):
    """After the timeout of the address the export connects again."""
    project.url += "?socket_timeout=0.5"
    total = reply_bytes(proxy, project)
    for part in (0.5, 0.8):
        project.change()
        proxy.cut_after(int(part * total), "stall")
        project.export_and_compare()
    assert proxy.cuts == 2
