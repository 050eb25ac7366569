"""Tests that the next export repairs what an exporter left that was killed at any moment."""

from __future__ import annotations

import random
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from support.projects.random_store import (
    FOREVER,
    HASHES,
    PACKED,
    VIEWS,
    RandomStore,
    assert_online_equals_offline,
)
from support.projects.tiny_store import View
from support.servers.export_process import ExportForker
from support.servers.redis_server import RedisServer

KILLED = -signal.SIGKILL
LOCK = "fs:lock"
#: More requests than an export of a change makes; an export of everything makes some more.
REQUESTS = 36


def end_lease(server: RedisServer) -> None:
    """Let the lease of a lock be over; that it ends by itself is tested once, below."""
    server.db.delete(LOCK)


def export_until_killed(
    project: RandomStore, server: RedisServer, forker: ExportForker, chance: random.Random
) -> bool:
    """Start an export that kills itself at a random request; return whether it came to that."""
    signal_at = (
        "SIGKILL",
        chance.randint(1, REQUESTS),
        chance.choice(["before", "within", "after"]),
    )
    ended = forker.run(project.store, server.unix_url, signal_at=signal_at)
    assert ended.code in (0, KILLED), ended
    end_lease(server)
    return ended.code == KILLED


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_any_request(
    tmp_path: Path, server: RedisServer, forker: ExportForker, seed: int
):
    """Rows change, leave, become null, definitions and layouts change, and change back."""
    chance = random.Random(seed)
    project = RandomStore.make(tmp_path / "store", seed, entities=300)
    kills = 0
    while kills < 6:
        for _ in range(chance.randint(1, 2)):
            project.change()
            what = chance.random()
            if what < 0.4:
                project.redefine()
            elif what < 0.6:
                project.declare(*VIEWS)
            kills += export_until_killed(project, server, forker, chance)
        if chance.random() < 0.5:
            project.declare(*VIEWS)
        ended = forker.run(project.store, server.unix_url)
        assert (ended.code, ended.stderr) == (0, "")
        assert_online_equals_offline(project, server.db)


def test_killed_when_the_server_has_taken_any_number_of_commands(
    tmp_path: Path, server: RedisServer, forker: ExportForker
):
    chance = random.Random(4)
    project = RandomStore.make(tmp_path / "store", 4, entities=2_000)
    kills = 0
    for _ in range(6):
        running = forker.start(project.store, server.unix_url, full=chance.random() < 0.5)
        calls = server.db.info("stats")["total_commands_processed"] + chance.randint(20, 5_000)
        while running.runs and server.db.info("stats")["total_commands_processed"] < calls:
            pass
        running.send_signal(signal.SIGKILL)
        kills += running.wait().code == KILLED
        end_lease(server)
        project.change()
        assert forker.run(project.store, server.unix_url).code == 0
        assert_online_equals_offline(project, server.db)
    assert kills >= 3


@pytest.mark.parametrize(
    "another",
    [
        replace(HASHES, layout="packed"),
        replace(HASHES, features={"a": "integer"}),
        replace(FOREVER, ttl="2h"),
        replace(PACKED, layout=None),
    ],
    ids=["layout", "features", "TTL", "to hashes"],
)
def test_a_definition_that_was_taken_back(
    tmp_path: Path, server: RedisServer, forker: ExportForker, another: View
):
    """Its export was killed among the first rows, and the former definition has to stand again."""
    project = RandomStore.make(tmp_path / "store", 6, entities=300)
    assert forker.run(project.store, server.unix_url).code == 0
    for where in ("within", "after"):
        project.declare(another)
        signal_at = ("SIGKILL", f"}}:{another.label}", where)
        assert forker.run(project.store, server.unix_url, signal_at=signal_at).code == KILLED
        end_lease(server)
        project.declare(*VIEWS)
        assert forker.run(project.store, server.unix_url).code == 0
        assert_online_equals_offline(project, server.db)


def test_killed_between_the_metadata_and_the_deletion_of_old_schemas(
    tmp_path: Path, server: RedisServer, forker: ExportForker
):
    project = RandomStore.make(tmp_path / "store", 8, entities=300)
    assert forker.run(project.store, server.unix_url).code == 0
    project.declare(replace(PACKED, layout=None))
    signal_at = ("SIGKILL", "watermark", "after")
    killed = forker.run(project.store, server.unix_url, signal_at=signal_at, views=["packed"])
    assert killed.code == KILLED
    end_lease(server)
    assert forker.run(project.store, server.unix_url).code == 0
    assert_online_equals_offline(project, server.db)


def test_a_warehouse_that_was_restored(tmp_path: Path, server: RedisServer, forker: ExportForker):
    """The export of a day was killed, and the day taken back: its rows must not stay online."""
    project = RandomStore.make(tmp_path / "store", 7, entities=300)
    assert forker.run(project.store, server.unix_url).code == 0
    before = shutil.copytree(project.store.folder, tmp_path / "before")
    # Only entities that the former day knows: nothing in a warehouse tells of any other.
    project.change(0.9, leave_out_new=True)
    signal_at = ("SIGKILL", 20, "after")
    assert forker.run(project.store, server.unix_url, signal_at=signal_at).code == KILLED
    end_lease(server)
    project.store.open(before)
    assert forker.run(project.store, server.unix_url).code == 0
    assert_online_equals_offline(project, server.db)


def test_the_lock_of_a_killed_exporter_is_free_when_its_lease_is_over(
    tmp_path: Path, server: RedisServer, forker: ExportForker
):
    project = RandomStore.make(tmp_path / "store", 5)
    # Long enough for the second to come in time, whatever else the machine does.
    signal_at = ("SIGKILL", 20, "within")
    killed = forker.run(project.store, server.unix_url, signal_at=signal_at, lease=5)
    assert killed.code == KILLED
    assert 0 < server.db.pttl(LOCK) <= 5_000
    ended = forker.run(project.store, server.unix_url)
    assert ended.code == 0
    assert ended.stderr.startswith("waiting for another exporter: ")
    assert_online_equals_offline(project, server.db)
