"""Tests of exports of an earlier time, or without metadata, with failures in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.projects.random_store import RandomStore

pytestmark = pytest.mark.slow

ENTITIES = 150


@pytest.mark.parametrize("request_part", ["}:forever:v1", "}:packed:v1", "watermark"])
def test_a_forced_earlier_time_that_was_killed(
    project: RandomStore, tmp_path: Path, request_part: str
):
    """The newer warehouse's next export has to write over all of it."""
    older = project.copy(tmp_path / "older")
    project.change(0.6)
    project.export()
    failed = older.run()
    assert failed.code == 1
    assert "it is older" in failed.stderr
    assert "--force" in failed.stderr
    project.assert_online()
    assert older.is_killed_at(request_part, force=True)
    project.export_and_compare()


def test_an_older_warehouse_after_a_newer_export_was_killed(project: RandomStore, tmp_path: Path):
    """The metadata do not say that newer rows are online, but that some may be."""
    project.export()
    older = project.copy(tmp_path / "older")
    project.change(0.6, leave_out_new=True)
    assert project.is_killed_at("}:packed:v1")
    for store in (older, project):
        store.export_and_compare(force=True)


def test_metadata_that_were_deleted_by_hand(project: RandomStore):
    for lost in (["forever"], ["hashes", "packed"], ["forever", "hashes", "packed"]):
        project.export()
        project.change(0.5)
        project.client().delete(*(f"fs:meta:{name}:v1" for name in lost))
        project.export_and_compare()
