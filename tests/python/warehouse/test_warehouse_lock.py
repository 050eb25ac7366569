"""The wait for another process that has the warehouse open, and its message."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from feature_store.errors import FeatureStoreError
from feature_store.warehouse.connection import LockRetry, connect, waiting
from support.projects.refresh_project import day, start_script, write_project
from support.servers.redis_server import script_environment

pytestmark = pytest.mark.slow

#: Opens a warehouse, says so, and closes it after some seconds.
_HOLD = """
import duckdb, sys, time
with duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read") as connection:
    print("open", flush=True)
    time.sleep(float(sys.argv[3]))
"""


@contextmanager
def held(warehouse: Path, how: str, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Let another process have the warehouse open for some seconds from now on."""
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(warehouse), how, str(seconds)],
        env=script_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "open\n"
        yield holder
    finally:
        holder.kill()
        holder.communicate()


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "w.duckdb"
    duckdb.connect(str(path)).close()
    return path


@pytest.mark.parametrize(("how", "read_only"), [("read", False), ("write", True), ("write", False)])
def test_a_short_use_is_waited_for(warehouse: Path, how: str, read_only: bool) -> None:
    said: list[str] = []
    with held(warehouse, how, 1) as holder, waiting(0, said.append):
        connect(warehouse, read_only=read_only).close()
    assert len(said) == 1
    assert f"open in process {holder.pid} (" in said[0]
    assert said[0].endswith("up to 5 s")


def test_readers_do_not_wait_for_each_other(warehouse: Path) -> None:
    with held(warehouse, "read", 60):
        connect(warehouse).close()


@pytest.mark.parametrize(("how", "words"), [("read", "open: "), ("write", "open for writing: ")])
def test_a_wait_ends_with_a_next_step(warehouse: Path, how: str, words: str) -> None:
    with (
        held(warehouse, how, 60) as holder,
        waiting(0),
        pytest.raises(FeatureStoreError) as refused,
    ):
        connect(warehouse, read_only=how == "write")
    assert f"another process has the warehouse {words}process {holder.pid} (" in str(refused.value)
    assert "waited 5 s for it" in str(refused.value)
    assert "Next: wait for the running dbt, loader or reader to end" in str(refused.value)


@pytest.mark.parametrize("has_option", [False, True])
def test_the_option_to_wait_is_named_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_option: bool
) -> None:
    monkeypatch.setattr("feature_store.warehouse.connection.LEAST_WAIT", 0)
    with waiting(0, has_option=has_option), pytest.raises(FeatureStoreError) as refused:
        LockRetry(tmp_path / "w.duckdb", for_writing=True).pause("Could not set lock on file")
    assert ("--wait SECONDS" in str(refused.value)) == has_option


def test_a_refresh_waits_for_readers_before_each_step(tmp_path: Path) -> None:
    """A reader before the load, and one between the load and dbt."""
    folder = tmp_path / "clicks"
    write_project(folder)
    warehouse = folder / "feature_store.duckdb"
    duckdb.connect(str(warehouse)).close()
    with held(warehouse, "read", 600) as first:
        run = start_script(folder, "refresh.py", "--end", day(3), "--wait", "600")
        said = [run.stderr.readline()]
    assert run.stdout.readline().startswith("load ")
    with held(warehouse, "read", 600) as second:  # dbt takes a while to start
        said.append(run.stderr.readline())
    out, err = run.communicate(timeout=180)
    assert run.returncode == 0, err
    assert [line.split()[0] for line in out.splitlines()] == ["dbt", "export", "total"]
    for line, holder in zip(said, (first, second), strict=True):
        assert line.startswith(f"waiting for the warehouse, open in process {holder.pid} (")
