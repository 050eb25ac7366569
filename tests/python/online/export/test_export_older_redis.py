"""Tests of exports of an earlier time, or without metadata, with failures in between."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from support.projects.random_store import RandomStore, assert_online_equals_offline
from support.servers.export_process import ExportForker
from support.servers.redis_server import RedisServer


@pytest.mark.parametrize("request_part", ["}:forever:v1", "}:packed:v1", "watermark"])
def test_an_earlier_time_that_was_forced_and_killed(
    tmp_path: Path, server: RedisServer, forker: ExportForker, request_part: str
):
    """The newer warehouse's next export has to write over all of it."""
    project = RandomStore.make(tmp_path / "store", 1, entities=150)
    folder = shutil.copytree(project.store.folder, tmp_path / "older")
    older = RandomStore.open(folder, seed=1, entities=150)
    project.change(0.6)
    assert forker.run(project.store, server.unix_url).code == 0
    failed = forker.run(older.store, server.unix_url)
    assert failed.code == 1
    assert "it is older" in failed.stderr
    assert "--force" in failed.stderr
    assert_online_equals_offline(project, server.db)
    signal_at = ("SIGKILL", request_part, "after")
    killed = forker.run(older.store, server.unix_url, signal_at=signal_at, force=True)
    assert killed.code == -signal.SIGKILL
    server.db.delete("fs:lock")
    assert forker.run(project.store, server.unix_url).code == 0
    assert_online_equals_offline(project, server.db)


def test_an_older_warehouse_that_meets_a_newer_export_that_was_killed(
    tmp_path: Path, server: RedisServer, forker: ExportForker
):
    """The metadata do not say that newer rows are online, but that some may be."""
    project = RandomStore.make(tmp_path / "store", 2, entities=150)
    assert forker.run(project.store, server.unix_url).code == 0
    folder = shutil.copytree(project.store.folder, tmp_path / "older")
    older = RandomStore.open(folder, seed=1, entities=150)
    project.change(0.6, leave_out_new=True)
    signal_at = ("SIGKILL", "}:packed:v1", "after")
    assert forker.run(project.store, server.unix_url, signal_at=signal_at).code == -signal.SIGKILL
    server.db.delete("fs:lock")
    for store in (older, project):
        ended = forker.run(store.store, server.unix_url, force=True)
        assert ended.code == 0
        assert_online_equals_offline(store, server.db)


def test_metadata_that_were_deleted_by_hand(
    tmp_path: Path, server: RedisServer, forker: ExportForker
):
    project = RandomStore.make(tmp_path / "store", 3, entities=150)
    for lost in (["forever"], ["hashes", "packed"], ["forever", "hashes", "packed"]):
        assert forker.run(project.store, server.unix_url).code == 0
        project.change(0.5)
        server.db.delete(*(f"fs:meta:{name}:v1" for name in lost))
        assert forker.run(project.store, server.unix_url).code == 0
        assert_online_equals_offline(project, server.db)
