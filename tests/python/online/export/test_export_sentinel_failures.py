"""Tests of exports during which Sentinels make the replica the primary."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.projects.random_store import RandomStore, assert_online_equals_offline
from support.servers.export_process import ExportForker, ExportProcess
from support.servers.redis_sentinel import Sentinels, redis_sentinels


@pytest.fixture(scope="module")
def sentinels() -> Iterator[Sentinels]:
    with redis_sentinels(down_after_ms=500) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, sentinels: Sentinels, forker: ExportForker) -> RandomStore:
    """Return a project that is online."""
    sentinels.primary.call("FLUSHALL")
    made = RandomStore.make(tmp_path / "store", 1, entities=150)
    assert forker.run(made.store, sentinels.url).code == 0
    return made


def assert_ended_right(running: ExportProcess, project: RandomStore, sentinels: Sentinels) -> None:
    ended = running.wait()
    assert ended.code == 0, ended
    assert "all views are exported again" in ended.stderr
    sentinels.primary.db.delete("fs:lock")
    assert_online_equals_offline(project, sentinels.primary.db)


def test_primary_and_replica_change_places(
    project: RandomStore, sentinels: Sentinels, forker: ExportForker
):
    for request in (16, 24, 32):
        project.change()
        running = forker.start_stopped(project.store, sentinels.url, request)
        sentinels.switch_over()
        running.send_signal(signal.SIGCONT)
        assert_ended_right(running, project, sentinels)


def test_the_replica_lacks_the_last_rows(
    project: RandomStore, sentinels: Sentinels, forker: ExportForker
):
    """All rows of a view were taken, and only the metadata would go to the new primary."""
    project.change()
    running = forker.start_stopped(project.store, sentinels.url, "watermark", full=True)
    sentinels.switch_over()
    sentinels.primary.db.delete(*[*sentinels.primary.db.scan_iter("fs:{*forever:v1")][::3])
    running.send_signal(signal.SIGCONT)
    assert_ended_right(running, project, sentinels)


def test_the_primary_is_killed(project: RandomStore, sentinels: Sentinels, forker: ExportForker):
    """The export goes on by itself as soon as Sentinel has decided."""
    project.change()
    running = forker.start_stopped(project.store, sentinels.url, 20)
    running.send_signal(signal.SIGCONT)
    sentinels.fail_over()
    try:
        ended = running.wait()
        assert ended.code == 0, ended
        sentinels.primary.db.delete("fs:lock")
        assert_online_equals_offline(project, sentinels.primary.db)
    finally:
        sentinels.bring_back()
