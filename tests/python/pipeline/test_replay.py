"""Replays by day, one of them killed and resumed, give the tables of one large interval."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from feature_store.errors import FeatureStoreError
from feature_store.pipeline.replay import intervals_of
from feature_store.pipeline.replay_warehouse import Interval, ReplayWarehouse
from feature_store.raw.sources import read_declarations
from feature_store.warehouse.connection import connect
from support.projects.refresh_project import (
    LOAD_COLUMNS,
    day,
    run_to_end,
    start_script,
    tables,
    write_project,
)
from support.servers.redis_server import assert_clear, redis_server, wait_for

pytestmark = pytest.mark.slow

DAY = 86_400
RANGE = ("--start", day(0), "--end", day(3))


def at(number: float) -> datetime:
    """Return a time, in days from the first one's begin."""
    return datetime.fromisoformat(day(0)) + timedelta(days=number)


def test_a_range_of_time_is_divided_without_gaps() -> None:
    assert intervals_of(at(0), at(2), DAY) == [Interval(at(0), at(1)), Interval(at(1), at(2))]
    assert intervals_of(at(0), at(2.5), DAY)[-1] == Interval(at(2), at(2.5))
    assert intervals_of(at(0), at(0.5), DAY) == [Interval(at(0), at(0.5))]


def test_too_many_intervals_are_refused() -> None:
    with pytest.raises(FeatureStoreError, match="100,000 intervals"):
        intervals_of(at(0), at(2), 1)


@dataclass
class Replays:
    """What each run of the script printed, and where."""

    folder: Path
    killed: str
    resumed: str
    report: str
    again: str
    piece: str
    #: What was online after the replay in one piece: the fields of each key.
    online: dict[str, dict[str, str]]

    def warehouse(self, name: str) -> Path:
        return self.folder / "target" / "replay" / f"{name}.duckdb"


@pytest.fixture(scope="module")
def replays(tmp_path_factory: pytest.TempPathFactory) -> Replays:
    folder = tmp_path_factory.mktemp("clicks")
    write_project(folder)
    killed = kill_in_the_second_interval(folder)
    resumed = run_to_end(folder, "replay.py", *RANGE)
    assert resumed.returncode == 0, resumed.stderr
    again = run_to_end(folder, "replay.py", *RANGE)
    assert again.returncode == 0, again.stderr
    piece = folder / "target/replay/piece.duckdb"
    options = ("--every", "1w", "--warehouse", str(piece), "--export")
    with redis_server() as server:
        one = run_to_end(folder, "replay.py", *RANGE, *options, REDIS_URL=server.unix_url)
        assert one.returncode == 0, one.stderr
        with server.client() as client:
            online = {key: client.hgetall(key) for key in client.keys("*visitor_clicks*")}
    said = again.stderr + again.stdout
    return Replays(folder, killed, resumed.stderr, resumed.stdout, said, one.stderr, online)


def kill_in_the_second_interval(folder: Path) -> str:
    """Run a replay, and kill it when dbt builds the second day's feature view."""
    run = start_script(folder, "replay.py", *RANGE)
    first = run.stderr.readline()
    compiled = (
        folder / "target/replay/feature_store.duckdb.dbt/compiled/feature_store/models/features"
    )
    model = compiled / "visitor_clicks_v1.sql"
    before = model.stat().st_mtime_ns
    wait_for(lambda: model.stat().st_mtime_ns > before or run.poll() is not None, "the second day")
    run.kill()
    run.communicate()
    assert run.returncode == -9
    return first


def intervals_in(said: str) -> list[str]:
    """Return the first days of the intervals that were run, from what the script said."""
    return [line[:10] for line in said.splitlines() if " s: load " in line]


def test_a_killed_replay_continues_where_it_was(replays: Replays) -> None:
    assert intervals_in(replays.killed) == [day(0)]
    assert "1 of 3 intervals are done already" in replays.resumed
    assert intervals_in(replays.resumed) == [day(1), day(2)]


def test_the_tables_equal_those_of_one_interval(replays: Replays) -> None:
    assert intervals_in(replays.piece) == [day(0)]
    by_day, piece = (
        tables(replays.warehouse(name), without=LOAD_COLUMNS) for name in ("feature_store", "piece")
    )
    assert by_day == piece
    assert len(piece['"features"."visitor_clicks_v1"']) > 10
    assert len(piece['"raw"."pages"']) == 2  # of no interval, and loaded all the same


def test_export_only_on_request(replays: Replays) -> None:
    """The one replay that was asked to, and nothing but its last rows."""
    assert ", export " in replays.piece
    assert ", export " not in replays.resumed
    with connect(replays.warehouse("piece")) as connection:
        last = connection.execute(
            "select visitor_id, cast(clicks_7d as varchar) "
            "from snapshots.served_visitor_clicks_v1 where dbt_valid_to is null"
        ).fetchall()
    rows = {key: row for key, row in replays.online.items() if ":meta:" not in key}
    served = {f"fs:{{visitor:{visitor}}}:visitor_clicks:v1": clicks for visitor, clicks in last}
    assert {key: row["clicks_7d"] for key, row in rows.items()} == served
    assert len(served) == 7


def test_each_day_was_served_as_of_its_end(replays: Replays) -> None:
    with connect(replays.warehouse("feature_store")) as connection:
        served = connection.execute(
            "select distinct as_of from operations.served_runs order by as_of"
        ).fetchall()
    assert served == [(at(1),), (at(2),), (at(3),)]


def test_the_end_shows_how_served_and_recomputed_values_differ(replays: Replays) -> None:
    with connect(replays.warehouse("feature_store")) as connection:
        [(pairs, runs)] = connection.execute(
            "select count(*), count(distinct served_at) from snapshots.served_visitor_clicks_v1 "
            "as served inner join operations.served_runs as runs on dbt_valid_from <= served_at "
            "and coalesce(dbt_valid_to, 'infinity') > served_at"
        ).fetchall()
    row = next(line for line in replays.report.splitlines() if "visitor_clicks:v1" in line)
    cells = [cell.strip() for cell in row.strip("│ ").split("│")]
    # Nothing came late: each day's events were loaded before it was served.
    assert cells == ["visitor_clicks:v1", str(runs), str(pairs), "0", "0", "0", "0"]


def test_a_completed_replay_does_nothing(replays: Replays) -> None:
    assert "3 of 3 intervals are done already" in replays.again
    assert intervals_in(replays.again) == []
    assert "visitor_clicks:v1" in replays.again


def own(replays: Replays, monkeypatch: pytest.MonkeyPatch, path: Path) -> ReplayWarehouse:
    """Return a warehouse of the project, as the script opens it."""
    monkeypatch.setenv("FEATURE_STORE_PROJECT_DIR", str(replays.folder))
    for name in ("DBT_TARGET", "DBT_TARGET_PATH", "DBT_PROFILES_DIR", "FEATURE_STORE_WAREHOUSE"):
        monkeypatch.delenv(name, raising=False)
    return ReplayWarehouse(None, path)


@pytest.mark.parametrize("first", [Interval(at(0), at(0.5)), Interval(at(0), at(2.5))])
def test_a_warehouse_with_later_data_is_refused(
    replays: Replays, monkeypatch: pytest.MonkeyPatch, first: Interval
) -> None:
    warehouse = own(replays, monkeypatch, replays.warehouse("feature_store"))
    arriving = [table for table in read_declarations(replays.folder) if table.event_time]
    with pytest.raises(FeatureStoreError, match=r'holds later data .* "raw"\."clicks" up to'):
        warehouse.pending([first], arriving)
    # And what comes after it is not.
    after = Interval(at(3), at(4))
    assert warehouse.pending([after], arriving) == [after]


def test_the_warehouse_of_the_target_is_refused(
    replays: Replays, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FeatureStoreError, match="is the warehouse of target dev"):
        own(replays, monkeypatch, replays.folder / "feature_store.duckdb")


@pytest.mark.parametrize("fresh", [False, True])
def test_a_warehouse_that_no_replay_made_is_left_alone(
    replays: Replays, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fresh: bool
) -> None:
    path = tmp_path / "store.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table precious as select 1 as a")
    with pytest.raises(FeatureStoreError, match="was not made by a replay"):
        own(replays, monkeypatch, path).prepare(fresh=fresh)
    with connect(path) as connection:
        assert connection.execute("from precious").fetchall() == [(1,)]


def test_a_replay_that_was_killed_before_any_write_starts_anew(
    replays: Replays, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "store.duckdb"
    duckdb.connect(str(path)).close()
    warehouse = own(replays, monkeypatch, path)
    warehouse.prepare(fresh=False)
    assert warehouse.pending([Interval(at(0), at(1))], []) == [Interval(at(0), at(1))]


def test_fresh_starts_anew(
    replays: Replays, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "copy.duckdb"
    shutil.copy(replays.warehouse("piece"), path)
    warehouse = own(replays, monkeypatch, path)
    week = Interval(at(0), at(3))
    warehouse.prepare(fresh=False)
    assert warehouse.pending([week], []) == []
    warehouse.prepare(fresh=True)
    assert warehouse.pending([week], []) == [week]


def test_a_project_without_intervals_is_an_error(tmp_path: Path) -> None:
    write_project(tmp_path / "clicks")
    source = tmp_path / "clicks/models/staging/web/_web.yml"
    source.write_text(source.read_text().replace("event_time: clicked_at", ""))
    assert_clear(
        run_to_end(tmp_path / "clicks", "replay.py", *RANGE),
        "no source table is loaded by interval",
    )
