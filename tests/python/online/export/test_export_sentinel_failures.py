"""Tests of exports during which Sentinels make the replica the primary."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.projects.random_store import RandomStore
from support.servers.export_process import Ended, ExportForker
from support.servers.redis_sentinel import Sentinels, redis_sentinels

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sentinels() -> Iterator[Sentinels]:
    with redis_sentinels(down_after_ms=500) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, sentinels: Sentinels, forker: ExportForker) -> RandomStore:
    """Return a project that is online, and whose rows have changed since."""
    sentinels.primary.call("FLUSHALL")
    made = RandomStore.make(
        tmp_path / "store", 150, forker, sentinels.url, lambda: sentinels.primary.db
    )
    made.export()
    made.change()
    return made


def assert_ended_right(ended: Ended, project: RandomStore) -> None:
    assert ended.code == 0, ended
    project.end_lease()
    project.assert_online()


def test_primary_and_replica_change_places(project: RandomStore, sentinels: Sentinels):
    for request in (16, 24, 32):
        running = project.start_stopped(request)
        sentinels.switch_over()
        ended = running.resume()
        assert "all views are checked again" in ended.stderr
        assert_ended_right(ended, project)
        project.change()


def test_the_replica_lacks_the_last_rows(project: RandomStore, sentinels: Sentinels):
    """All rows of a view were taken, and only the metadata would go to the new primary."""
    running = project.start_stopped("watermark", full=True)
    sentinels.switch_over()
    client = project.client()
    client.delete(*[*client.scan_iter("fs:{*forever:v1")][::3])
    ended = running.resume()
    assert "all views are checked again" in ended.stderr
    assert_ended_right(ended, project)


def test_the_primary_is_killed(project: RandomStore, sentinels: Sentinels):
    """The export goes on by itself as soon as Sentinel has decided."""
    running = project.start_stopped(20)
    running.send_signal(signal.SIGCONT)
    sentinels.fail_over()
    try:
        assert_ended_right(running.wait(), project)
    finally:
        sentinels.bring_back()
