"""Tests of two exporters at once: one waits or fails; one that stood still does no harm."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.projects.random_store import RandomStore, assert_online_equals_offline
from support.servers.export_process import ExportForker
from support.servers.redis_server import RedisServer, wait_for

LOCK = "fs:lock"


def newer(project: RandomStore, folder: Path) -> RandomStore:
    """Return a copy of the warehouse in which many rows have changed since."""
    shutil.copytree(project.store.folder, folder)
    copy = RandomStore.open(folder, seed=1, entities=project.entities)
    copy.change(0.6)
    return copy


def test_the_second_waits_until_the_first_has_ended(
    tmp_path: Path, server: RedisServer, forker: ExportForker
):
    project = RandomStore.make(tmp_path / "store", 1, entities=300)
    first = forker.start_stopped(project.store, server.unix_url, "}:hashes:v1", "after")
    later = newer(project, tmp_path / "later")
    second = forker.start(later.store, server.unix_url)
    wait_for(lambda: "waiting for another exporter: " in second.stderr, "the second to wait")
    first.send_signal(signal.SIGCONT)
    assert (first.wait().code, first.stderr) == (0, "")
    assert second.wait().code == 0
    assert_online_equals_offline(later, server.db)


def test_the_second_fails_and_names_the_first(
    tmp_path: Path, server: RedisServer, forker: ExportForker
):
    project = RandomStore.make(tmp_path / "store", 2, entities=300)
    first = forker.start_stopped(project.store, server.unix_url, "}:hashes:v1", "after")
    failed = forker.run(project.store, server.unix_url, wait_seconds=0)
    assert failed.code == 1
    assert failed.stderr.startswith(f"error another exporter holds {LOCK}: ")
    assert f", process {first.pid}, " in failed.stderr
    assert "Traceback" not in failed.stderr
    first.send_signal(signal.SIGCONT)
    assert first.wait().code == 0
    assert_online_equals_offline(project, server.db)


@pytest.mark.parametrize(
    "stop_at",
    [
        ("}:forever:v1", "after"),
        ("}:hashes:v1", "before"),
        ("}:packed:v1", "before"),
        ("watermark", "before"),
    ],
    ids=lambda stop_at: f"{stop_at[1]} {stop_at[0]}",
)
def test_a_first_that_stood_still_while_a_second_exported_newer_rows(
    tmp_path: Path, server: RedisServer, forker: ExportForker, stop_at: tuple[int | str, str]
):
    """It cannot know that its lease was over, and its rows may come after the newer ones."""
    project = RandomStore.make(tmp_path / "store", 3, entities=300)
    assert forker.run(project.store, server.unix_url).code == 0
    project.change(0.5)
    first = forker.start_stopped(project.store, server.unix_url, *stop_at, lease=1)
    later = newer(project, tmp_path / "later")
    wait_for(lambda: not server.db.exists(LOCK), "the lease to be over")
    assert forker.run(later.store, server.unix_url).code == 0
    first.send_signal(signal.SIGCONT)
    assert first.wait().code == 1
    assert "it is older" in first.stderr
    assert forker.run(later.store, server.unix_url).code == 0
    assert_online_equals_offline(later, server.db)


def test_a_first_that_stood_still_while_a_second_is_at_work(
    tmp_path: Path, server: RedisServer, forker: ExportForker
):
    """What the first writes in between lies over the second's rows, which has to look again."""
    project = RandomStore.make(tmp_path / "store", 4, entities=300)
    assert forker.run(project.store, server.unix_url).code == 0
    project.change(0.5)
    options = {"views": ["hashes"], "lease": 1}
    first = forker.start_stopped(project.store, server.unix_url, "}:hashes:v1", **options)
    later = newer(project, tmp_path / "later")
    wait_for(lambda: not server.db.exists(LOCK), "the lease to be over")
    options = {"views": ["hashes"], "full": True}
    second = forker.start_stopped(later.store, server.unix_url, "watermark", **options)
    first.send_signal(signal.SIGCONT)
    assert first.wait().code == 1
    assert first.stderr.startswith(f"error {LOCK}: another exporter took over: ")
    assert "; this export stood still for more than 1 s, or " in first.stderr
    second.send_signal(signal.SIGCONT)
    assert second.wait().code == 0
    assert forker.run(later.store, server.unix_url).code == 0
    assert_online_equals_offline(later, server.db)


def test_a_running_dbt_has_the_warehouse(tmp_path: Path, server: RedisServer, forker: ExportForker):
    project = RandomStore.make(tmp_path / "store", 5, entities=300)
    held = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    writer = subprocess.Popen(
        [sys.executable, "-c", held, str(project.store.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        writer.stdout.readline()
        failed = forker.run(project.store, server.unix_url)
        assert failed.code == 1
        assert "another process has the warehouse open for writing" in failed.stderr
        assert "Next: wait for the running dbt" in failed.stderr
    finally:
        writer.communicate(b"\n")
    assert server.db.dbsize() == 0
    assert forker.run(project.store, server.unix_url).code == 0
    assert_online_equals_offline(project, server.db)
