"""Tests of servers that are killed, restarted, full or evict keys during an export."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator

import pytest

from support.projects.random_store import RandomStore
from support.servers.redis_server import RedisServer, redis_server

pytestmark = pytest.mark.slow

ENTITIES = 150
#: Moments of a delta export: at its beginning, at batches of each kind, and just before it
#: writes that a view is complete.
MOMENTS = [8, 16, 22, 30, "}:packed:v1", "watermark"]


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    """Return a server that the test may kill; it keeps its data unless the test says otherwise."""
    with redis_server("--appendonly", getattr(request, "param", "yes")) as running:
        yield running


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


def last_metadata(project: RandomStore) -> str:
    """Return the key of the metadata of the view that is exported last."""
    return f"fs:meta:{project.views[-1].label}"


@pytest.mark.parametrize(
    ("server", "kept"),
    [("no", "nothing"), ("yes", "all"), ("yes", "all but the end")],
    indirect=["server"],
)
def test_restarted_in_the_middle(project: RandomStore, server: RedisServer, kept: str):
    """The same run ends right, and whatever the server forgot is online again."""
    chance = random.Random(1)
    project.export()
    for request in MOMENTS:
        before = written(server)
        project.change()
        running = project.start_stopped(request)
        server.kill()
        if kept == "all but the end":
            lose_the_end(server, before, chance)
        running.send_signal(signal.SIGCONT)
        server.start()
        assert running.wait().code == 0, (request, running.stderr)
        project.end_lease()  # it may have been lost that it was released
        project.assert_online()


def test_killed_for_good(project: RandomStore, server: RedisServer):
    project.export()
    for request in ("}:hashes:v1", "watermark"):
        project.change()
        running = project.start_stopped(request, retry_timeout=0.5)
        before = server.db.hget(last_metadata(project), "watermark")
        server.kill()
        ended = running.resume()
        assert ended.code == 1, (request, ended)
        assert "Traceback" not in ended.stderr
        message = ended.stderr.splitlines()[-2:]
        assert message[0].startswith(f"error {server.unix_url}: the connection failed: ")
        assert message[1].startswith("Next: ")
        server.start()
        assert server.db.hget(last_metadata(project), "watermark") == before
        project.end_lease()
        project.export_and_compare()


def test_full_in_the_middle(project: RandomStore, server: RedisServer):
    project.export()
    failed = 0
    for request in MOMENTS:
        project.change()
        running = project.start_stopped(request)
        before = server.db.hget(last_metadata(project), "watermark")
        server.db.config_set("maxmemory", 1)
        ended = running.resume()
        if ended.code:  # else nothing that takes memory was left to do
            assert ended.code == 1
            failed += 1
            assert "Traceback" not in ended.stderr
            assert "the Redis server refused a command: OOM " in ended.stderr
            assert "Next: give the server more memory" in ended.stderr
            assert server.db.hget(last_metadata(project), "watermark") == before
        server.db.config_set("maxmemory", 0)
        project.export_and_compare()
    assert failed >= 4
