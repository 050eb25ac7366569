"""Tests of two exporters at once: one waits or fails; one that stood still does no harm."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from feature_store.errors import FeatureStoreError
from support.projects.random_store import RandomStore
from support.servers.redis_server import RedisServer, wait_for

pytestmark = pytest.mark.slow

ENTITIES = 300
LOCK = "fs:lock"


def changed_copy(project: RandomStore, tmp_path: Path) -> RandomStore:
    """Return a copy of the warehouse in which many rows have changed since."""
    copy = project.copy(tmp_path / "later")
    copy.change(0.6)
    return copy


def test_the_second_waits_until_the_first_has_ended(project: RandomStore, tmp_path: Path):
    first = project.start_stopped("}:hashes:v1", "after")
    later = changed_copy(project, tmp_path)
    second = later.start()
    wait_for(lambda: "waiting for another exporter: " in second.stderr, "the second to wait")
    ended = first.resume()
    assert (ended.code, ended.stderr) == (0, "")
    assert second.wait().code == 0
    later.assert_online()


def test_the_second_fails_and_names_the_first(project: RandomStore):
    first = project.start_stopped("}:hashes:v1", "after")
    failed = project.run(wait_seconds=0)
    assert failed.code == 1
    assert failed.stderr.startswith(f"error another exporter holds {LOCK}: ")
    assert f", process {first.pid}, " in failed.stderr
    assert "Traceback" not in failed.stderr
    assert first.resume().code == 0
    project.assert_online()


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
    project: RandomStore, tmp_path: Path, server: RedisServer, stop_at: tuple[int | str, str]
):
    """It cannot know that its lease was over, and its rows may come after the newer ones."""
    project.export()
    project.change(0.5)
    later = changed_copy(project, tmp_path)
    first = project.start_stopped(*stop_at, lease=1)
    wait_for(lambda: not server.db.exists(LOCK), "the lease to be over")
    later.export()
    ended = first.resume()
    assert ended.code == 1
    assert "it is older" in ended.stderr
    later.export_and_compare()


def test_a_first_that_stood_still_while_a_second_is_at_work(
    project: RandomStore, tmp_path: Path, server: RedisServer
):
    """What the first writes in between lies over the second's rows, which has to look again."""
    project.export()
    project.change(0.5)
    later = changed_copy(project, tmp_path)
    first = project.start_stopped("}:hashes:v1", views=["hashes"], lease=1)
    wait_for(lambda: not server.db.exists(LOCK), "the lease to be over")
    second = later.start_stopped("watermark", views=["hashes"], full=True)
    ended = first.resume()
    assert ended.code == 1
    assert ended.stderr.startswith(f"error {LOCK}: another exporter took over: ")
    assert "; this export stood still for more than 1 s, or " in ended.stderr
    assert second.resume().code == 0
    later.export_and_compare()


def test_a_running_dbt_has_the_warehouse(project: RandomStore, server: RedisServer):
    held = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    writer = subprocess.Popen(
        [sys.executable, "-c", held, str(project.store.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        writer.stdout.readline()
        failed = project.run()
        assert failed.code == 1
        assert "another process has the warehouse open for writing" in failed.stderr
        assert "Next: wait for the running dbt" in failed.stderr
        assert "Traceback" not in failed.stderr
    finally:
        writer.communicate(b"\n")
    refused = pytest.raises(FeatureStoreError, match="open already")
    with duckdb.connect(str(project.store.warehouse)), refused:
        project.store.export(server.unix_url)
    assert server.db.dbsize() == 0
    project.export_and_compare()
