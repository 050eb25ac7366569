"""The lock of a run: it names its holder, and ends with its process."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from feature_store.errors import FeatureStoreError
from feature_store.pipeline.run_lock import RunLock
from support.processes import start_python
from support.servers.redis_server import script_environment

#: A process that takes the lock, starts another one that stays, says its id, and waits for a line.
HOLDER = """
import subprocess, sys
from pathlib import Path
from feature_store.pipeline.run_lock import RunLock

with RunLock(Path(sys.argv[1]), "refresh to 2024-05-02 00:00"):
    child = subprocess.Popen(["sleep", "600"])
    print(child.pid, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "store.duckdb"


def start_holder(warehouse: Path) -> tuple[subprocess.Popen[str], int]:
    """Start a process that holds the lock; return it and the id of the one that it started."""
    return start_python(HOLDER, warehouse, env=script_environment())


def test_a_second_run_is_refused_with_the_name_of_the_first(warehouse: Path) -> None:
    with (
        RunLock(warehouse, "refresh to 2024-05-02 00:00"),
        pytest.raises(FeatureStoreError) as refused,
        RunLock(warehouse, "other"),
    ):
        pass
    said = str(refused.value)
    assert f"refresh to 2024-05-02 00:00, process {os.getpid()} on " in said
    assert " since " in said
    assert "--wait" in said


def test_a_refused_run_leaves_the_lock_to_its_holder(warehouse: Path) -> None:
    with RunLock(warehouse, "first"):
        for _ in range(2):
            with pytest.raises(FeatureStoreError, match="first, process"), RunLock(warehouse, "2"):
                pass


def test_a_run_takes_the_lock_after_another(warehouse: Path) -> None:
    with RunLock(warehouse, "a run with a long name"):
        pass
    with RunLock(warehouse, "short") as lock:
        # Nothing is left of the first one's words.
        assert lock.path.read_text().startswith("short, process ")
        assert "long name" not in lock.path.read_text()
    assert lock.path.read_text() == ""


def test_another_warehouse_is_not_locked(warehouse: Path) -> None:
    with RunLock(warehouse, "one"), RunLock(warehouse.with_name("other.duckdb"), "two"):
        pass


def test_a_run_waits_for_the_other_to_end(warehouse: Path) -> None:
    holder, child = start_holder(warehouse)
    said: list[str] = []
    waiting = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        waiting.set()

    def end_holder() -> None:
        waiting.wait(60)
        holder.stdin.close()

    ender = threading.Thread(target=end_holder)
    ender.start()
    try:
        with RunLock(warehouse, "second", wait=60, say=say):
            assert holder.wait(60) == 0
    finally:
        ender.join()
        os.kill(child, 9)
    assert len(said) == 1
    assert "waiting for another run: refresh to 2024-05-02 00:00, process" in said[0]


def test_a_wait_has_a_limit(warehouse: Path) -> None:
    with (
        RunLock(warehouse, "first"),
        pytest.raises(FeatureStoreError, match=r"this one waited for 0\.2 s"),
        RunLock(warehouse, "second", wait=0.2),
    ):
        pass


def test_the_lock_of_a_killed_run_is_free_although_its_child_runs(warehouse: Path) -> None:
    """As the embedded Redis server lives on."""
    holder, child = start_holder(warehouse)
    try:
        with pytest.raises(FeatureStoreError, match=f"process {holder.pid}"):
            RunLock(warehouse, "second").__enter__()
        holder.kill()
        holder.wait()
        os.kill(child, 0)  # it is there
        with RunLock(warehouse, "second"):
            pass
    finally:
        os.kill(child, 9)


def test_a_folder_with_the_name_of_the_lock_is_an_error(warehouse: Path) -> None:
    warehouse.with_name("store.duckdb.lock").mkdir()
    with pytest.raises(FeatureStoreError, match=r"store\.duckdb\.lock: cannot be written"):
        RunLock(warehouse, "run").__enter__()
