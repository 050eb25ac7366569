"""Tests of servers that are killed, restarted, full or evict keys during an export."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from support.projects.random_store import RandomStore, assert_online_equals_offline
from support.servers.export_process import ExportForker
from support.servers.redis_server import RedisServer, redis_server

#: Moments of a delta export: at its beginning, at batches of each kind, and just before it
#: writes that a view is complete.
MOMENTS = [8, 16, 22, 30, "}:packed:v1", "watermark"]


def written(server: RedisServer) -> int:
    """Give the bytes of the server's log; 0 where it keeps none."""
    path = server.folder / "appendonly.aof"
    return path.stat().st_size if path.exists() else 0


def lose_the_end(server: RedisServer, at_least: int, chance: random.Random) -> None:
    """Shorten what a killed server has written, as a machine without power does.

    Not to less than ``at_least`` bytes: what came before this export stays, such as that the
    export before it released the lock.
    """
    left = max(at_least, written(server) - chance.randint(1, 20_000))
    os.truncate(server.folder / "appendonly.aof", left)


@pytest.mark.parametrize("kept", ["nothing", "all", "all but the end"])
def test_restarted_in_the_middle(tmp_path: Path, forker: ExportForker, kept: str):
    """The same run ends right, and whatever the server forgot is online again."""
    chance = random.Random(1)
    project = RandomStore.make(tmp_path / "store", 1, entities=150)
    with redis_server("--appendonly", "no" if kept == "nothing" else "yes") as server:
        assert forker.run(project.store, server.unix_url).code == 0
        for request in MOMENTS:
            before = written(server)
            project.change()
            running = forker.start_stopped(project.store, server.unix_url, request)
            server.kill()
            if kept == "all but the end":
                lose_the_end(server, before, chance)
            running.send_signal(signal.SIGCONT)
            server.start()
            assert running.wait().code == 0, (request, running.stderr)
            server.db.delete("fs:lock")  # it may have been lost that it was released
            assert_online_equals_offline(project, server.db)


def test_killed_for_good(tmp_path: Path, forker: ExportForker):
    project = RandomStore.make(tmp_path / "store", 2, entities=150)
    with redis_server("--appendonly", "yes") as server:
        assert forker.run(project.store, server.unix_url).code == 0
        for request in ("}:hashes:v1", "watermark"):
            project.change()
            running = forker.start_stopped(
                project.store, server.unix_url, request, retry_timeout=0.5
            )
            server.kill()
            running.send_signal(signal.SIGCONT)
            ended = running.wait()
            assert ended.code == 1, (request, ended)
            message = ended.stderr.splitlines()[-2:]
            assert message[0].startswith(f"error {server.unix_url}: the connection failed: ")
            assert message[1].startswith("Next: ")
            server.start()
            server.db.delete("fs:lock")
            assert forker.run(project.store, server.unix_url).code == 0
            assert_online_equals_offline(project, server.db)


def test_full_in_the_middle(tmp_path: Path, server: RedisServer, forker: ExportForker):
    project = RandomStore.make(tmp_path / "store", 3, entities=150)
    assert forker.run(project.store, server.unix_url).code == 0
    labels, failed = [view.label for view in project.views], 0
    for request in MOMENTS:
        project.change()
        running = forker.start_stopped(project.store, server.unix_url, request)
        before = {label: server.db.hget(f"fs:meta:{label}", "watermark") for label in labels}
        server.db.config_set("maxmemory", 1)
        running.send_signal(signal.SIGCONT)
        ended = running.wait()
        if ended.code:  # else nothing that takes memory was left to do
            assert ended.code == 1
            failed += 1
            assert "the Redis server refused a command: OOM " in ended.stderr
            assert "Next: give the server more memory" in ended.stderr
            after = [server.db.hget(f"fs:meta:{label}", "watermark") for label in labels]
            assert after[-1] == before[labels[-1]]
        server.db.config_set("maxmemory", 0)
        assert forker.run(project.store, server.unix_url).code == 0
        assert_online_equals_offline(project, server.db)
    assert failed >= 4
