"""The script refresh.py: output, errors and signals."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from feature_store.pipeline.run_lock import RunLock
from feature_store.warehouse.connection import connect
from support.projects.refresh_project import day, run_to_end, start_script, write_project
from support.servers.redis_server import assert_clear, wait_for

pytestmark = pytest.mark.slow

STOPS = [(signal.SIGINT, 130, "stopped by Ctrl-C"), (signal.SIGTERM, 143, "stopped by SIGTERM")]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that is refreshed, its log in ``said.txt``."""
    folder = tmp_path_factory.mktemp("clicks")
    write_project(folder)
    done = run_to_end(folder, "refresh.py", "--end", day(3))
    assert (done.returncode, done.stderr) == (0, "")
    (folder / "said.txt").write_text(done.stdout)
    return folder


def test_it_prints_a_line_for_each_step_and_the_start_up_of_dbt(project: Path) -> None:
    lines = (project / "said.txt").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["load", "dbt", "export", "total"]
    load, dbt, export, total = lines
    assert load.endswith("79 rows loaded, 0 unchanged")
    assert f"nodes built and tested as of {day(3)} 00:00 UTC" in dbt
    assert "7 rows sent, 0 deleted, 7 checked: embedded Redis" in export
    assert "dbt's start-up" in total
    assert "its nodes" in total
    # All of it, from another folder than the project's, is in the project.
    assert not [*project.parent.glob("*.duckdb")]


def test_a_table_that_cannot_be_loaded_stops_the_run_before_dbt(project: Path) -> None:
    file = project / "data/gate.csv"
    before, manifest = file.read_text(), project / "target/manifest.json"
    built = manifest.stat().st_mtime_ns
    file.write_text("steps\nmany\n")
    try:
        done = run_to_end(project, "refresh.py", "--quiet")
    finally:
        file.write_text(before)
    assert_clear(done, "data/gate.csv, line 2, column steps")
    assert done.stdout == ""
    assert manifest.stat().st_mtime_ns == built


def test_a_run_beside_another_one_is_refused_at_once(project: Path) -> None:
    with RunLock(project / "feature_store.duckdb", "refresh to 2024-05-04 00:00"):
        done = run_to_end(project, "refresh.py")
    assert_clear(done, "another run is at work: refresh to 2024-05-04 00:00, process ", "--wait")


def test_a_wrong_interval_is_refused(project: Path) -> None:
    done = run_to_end(project, "refresh.py", "--start", day(2), "--end", day(1))
    assert_clear(done, f"--start {day(2)} is not before --end {day(1)}")


@pytest.mark.parametrize(("sent", "code", "line"), STOPS)
def test_a_run_that_waits_for_another_one_is_stopped(
    project: Path, sent: signal.Signals, code: int, line: str
) -> None:
    with RunLock(project / "feature_store.duckdb", "refresh"):
        waiting = start_script(project, "refresh.py", "--wait", "600")
        first = waiting.stderr.readline()
        waiting.send_signal(sent)
        out, err = waiting.communicate(timeout=60)
    assert first.startswith("waiting for another run: refresh, process ")
    # The signal may come while the first line is being printed, which then comes again.
    assert (waiting.returncode, err.splitlines()[-1], out) == (code, line, "")
    assert "Traceback" not in err


@pytest.mark.parametrize(("sent", "code", "line"), STOPS)
def test_a_run_is_stopped_while_dbt_runs_a_query(
    project: Path, sent: signal.Signals, code: int, line: str
) -> None:
    """It ends at once, lets go of the lock and the warehouse, and the next run is whole."""
    gate, warehouse = project / "data/gate.csv", project / "feature_store.duckdb"
    compiled = project / "target/compiled/feature_store/models/cleaned/slow.sql"
    compiled.unlink()
    # An interval without rows, so that the gate, which has no event time, is all that is loaded.
    gate_text = gate.read_text()
    gate.write_text("steps\n1000000\n")
    run = start_script(project, "refresh.py", "--start", day(9), "--end", day(10))
    try:
        wait_for(compiled.exists, "dbt to reach the slow model")
        run.send_signal(sent)
        out, err = run.communicate(timeout=60)
    finally:
        gate.write_text(gate_text)
        run.kill()
    assert (run.returncode, err) == (code, f"{line}\n")
    assert [text.split()[0] for text in out.splitlines()] == ["load"]
    with RunLock(warehouse, "test"), connect(warehouse) as connection:
        [(started,)] = connection.execute(
            "select count(*) from operations.dbt_results where status = 'started'"
        ).fetchall()
    assert started  # so no export takes it for green
