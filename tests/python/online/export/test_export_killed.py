"""Tests that the next export repairs what an exporter left that was killed at any moment."""

from __future__ import annotations

import random
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from support.projects.random_store import FOREVER, HASHES, PACKED, VIEWS, RandomStore
from support.projects.tiny_store import TinyStore, View
from support.servers.redis_server import RedisServer

pytestmark = pytest.mark.slow

ENTITIES = 300
KILLED = -signal.SIGKILL
#: More requests than an export of a change makes; an export of everything makes some more.
REQUESTS = 36


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_any_request(project: RandomStore, seed: int):
    """Rows change, leave, become null, definitions and layouts change, and change back."""
    chance = random.Random(seed)
    project.random = random.Random(seed)
    kills = 0
    while kills < 6:
        for _ in range(chance.randint(1, 2)):
            project.change()
            what = chance.random()
            if what < 0.4:
                project.redefine()
            elif what < 0.6:
                project.declare(*VIEWS)
            request = chance.randint(1, REQUESTS)
            kills += project.is_killed_at(request, chance.choice(["before", "within", "after"]))
        if chance.random() < 0.5:
            project.declare(*VIEWS)
        ended = project.run()
        assert (ended.code, ended.stderr) == (0, "")
        project.assert_online()


def test_killed_after_any_number_of_commands(project: RandomStore, server: RedisServer):
    chance = random.Random(4)
    project.entities = 2_000
    project.change(1)
    kills = 0
    for _ in range(6):
        running = project.start(full=chance.random() < 0.5)
        calls = server.db.info("stats")["total_commands_processed"] + chance.randint(20, 5_000)
        while running.runs and server.db.info("stats")["total_commands_processed"] < calls:
            pass
        running.send_signal(signal.SIGKILL)
        kills += running.wait().code == KILLED
        project.end_lease()
        project.change()
        project.export_and_compare()
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
def test_a_definition_that_was_taken_back(project: RandomStore, another: View):
    """Its export was killed among the first rows, and the former definition has to stand again."""
    project.export()
    for where in ("within", "after"):
        project.declare(another)
        assert project.is_killed_at(f"}}:{another.label}", where)
        project.declare(*VIEWS)
        project.export_and_compare()


def test_killed_between_the_metadata_and_the_deletion_of_old_schemas(project: RandomStore):
    project.export()
    project.declare(replace(PACKED, layout=None))
    assert project.is_killed_at("watermark", views=["packed"])
    project.export_and_compare()


def test_a_warehouse_that_was_restored(project: RandomStore, tmp_path: Path):
    """The export of a day was killed, and the day taken back: its rows must not stay online."""
    project.export()
    before = shutil.copytree(project.store.folder, tmp_path / "before")
    # Only entities that the former day knows: nothing in a warehouse tells of any other.
    project.change(0.9, leave_out_new=True)
    assert project.is_killed_at(20)
    project.store = TinyStore(before)
    project.export_and_compare()


def test_the_lock_of_a_killed_exporter_ends_with_its_lease(
    project: RandomStore, server: RedisServer
):
    # Long enough for the second to come in time, whatever else the machine does.
    killed = project.run(signal_at=("SIGKILL", 20, "within"), lease=5)
    assert killed.code == KILLED
    assert 0 < server.db.pttl("fs:lock") <= 5_000
    ended = project.run()
    assert ended.code == 0
    assert ended.stderr.startswith("waiting for another exporter: ")
    project.assert_online()
