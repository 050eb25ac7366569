"""Tests of connections that are cut, or stall, inside a reply: the export connects again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.projects.random_store import RandomStore, assert_online_equals_offline
from support.servers.export_process import ExportForker
from support.servers.redis_server import RedisServer
from support.servers.tcp_proxy import Cut, TcpProxy, cutting_proxy


@pytest.fixture
def proxy(server: RedisServer) -> Iterator[TcpProxy]:
    with cutting_proxy(server.port) as running:
        yield running


def reply_bytes(proxy: TcpProxy, project: RandomStore, forker: ExportForker) -> int:
    """Return the number of bytes of the replies to a delta export."""
    project.change()
    before = proxy.reply_bytes
    assert forker.run(project.store, proxy.url).code == 0
    return proxy.reply_bytes - before


@pytest.mark.parametrize("how", ["reset", "close"])
def test_cut_at_any_byte_of_the_replies(
    tmp_path: Path, server: RedisServer, proxy: TcpProxy, forker: ExportForker, how: Cut
):
    chance = random.Random(how)
    project = RandomStore.make(tmp_path / "store", 1, entities=100)
    assert forker.run(project.store, proxy.url).code == 0
    total = reply_bytes(proxy, project, forker)
    positions = [*range(0, 60, 20), *chance.sample(range(total - 100), 22)]
    for position in positions:
        project.change()
        proxy.cut_after(position, how)
        ended = forker.run(project.store, proxy.url)
        assert ended.code == 0, (position, ended)
        assert_online_equals_offline(project, server.db)
    assert proxy.cuts == len(positions)


def test_stalled(tmp_path: Path, server: RedisServer, proxy: TcpProxy, forker: ExportForker):
    """After the timeout of the address the export connects again."""
    project = RandomStore.make(tmp_path / "store", 2, entities=100)
    url = f"{proxy.url}?socket_timeout=0.5"
    assert forker.run(project.store, url).code == 0
    total = reply_bytes(proxy, project, forker)
    for part in (0.5, 0.8):
        project.change()
        proxy.cut_after(int(part * total), "stall")
        ended = forker.run(project.store, url)
        assert ended.code == 0, ended
        assert_online_equals_offline(project, server.db)
    assert proxy.cuts == 2
