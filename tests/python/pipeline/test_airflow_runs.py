"""The pipeline run by a real Airflow gives the same as the plain commands."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from support.processes import environment_without, run_python
from support.projects.clicks_project import clicks_project
from support.servers.airflow_home import AirflowHome
from support.servers.http_receiver import receiver
from support.servers.redis_server import RedisServer, redis_server

pytestmark = pytest.mark.slow

DAYS = [("2024-05-01", "2024-05-02"), ("2024-05-02", "2024-05-03")]
RELATIONS = ["features.visitor_clicks_v1", "online.online_visitor_clicks_v1"]
#: A click longer than a day, which a data test refuses.
BROKEN = "visitor_id,clicked_at,page,seconds\nann,2024-05-03 10:00:00,shoes,100000\n"
#: Clicks that come late, of the day before that and of the day before the lookback.
LATE = """visitor_id,clicked_at,page,seconds
dan,2024-05-02 00:00:00,shoes,1
dan,2024-05-01 23:59:59,shoes,2
"""


@dataclass(frozen=True)
class State:
    """What the warehouse and the online store hold, but for times of the clock."""

    raw_rows: int
    tables: dict[str, list[tuple[Any, ...]]]
    served: list[tuple[Any, ...]]
    keys: dict[str, dict[str, str]]


def state_of(project: Path, server: RedisServer) -> State:
    """Read the state of a project; known_at and dbt's own columns tell when something was done."""
    with duckdb.connect(str(project / "feature_store.duckdb"), read_only=True) as connection:

        def rows(sql: str) -> list[tuple[Any, ...]]:
            return connection.execute(sql).fetchall()

        [(raw_rows,)] = rows("select count(*) from raw.clicks")
        tables = {
            name: rows(f"select * exclude (known_at) from {name} order by all")
            for name in RELATIONS
        }
        served = rows(
            "select columns(lambda c: c not like 'dbt_%' and c <> 'known_at') "
            "from snapshots.served_visitor_clicks_v1 where dbt_valid_to is null order by all"
        )
    with server.client() as client:
        names = [name for name in client.scan_iter("fs:{*") if ":meta:" not in name]
        keys = {name: client.hgetall(name) for name in names}
    return State(raw_rows, tables, served, keys)


def as_of_times(project: Path) -> list[datetime]:
    """Return as of which times the project has served, run by run."""
    with duckdb.connect(str(project / "feature_store.duckdb"), read_only=True) as connection:
        found = connection.execute("select as_of from operations.served_runs order by served_at")
        return [as_of for (as_of,) in found.fetchall()]


def run_plainly(project: Path, url: str, start: str, end: str) -> None:
    """Run the commands that a person would run for an interval."""
    environment = environment_without("FEATURE_", "DBT_", "PYTHONPATH") | {"REDIS_URL": url}
    variables = json.dumps({"as_of": end})
    for words in (
        ["scripts/load_raw.py", "--start", start, "--end", end],
        [
            *("-m", "dbt.cli.main", "build", "--exclude-resource-type", "unit_test"),
            *("--vars", variables),
        ],
        ["scripts/export_to_redis.py"],
    ):
        done = run_python(*words, cwd=project, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr


@dataclass(frozen=True)
class Plain:
    """What the plain commands left after each interval, and what Airflow made of a third one."""

    states: list[State]
    failed: subprocess.CompletedProcess[str]
    task_states: dict[str, str | None]
    alerts: list[str]
    after_failure: State


def new_airflow(folder: Path, project: Path, server: RedisServer, **variables: str) -> AirflowHome:
    """Return an Airflow with a database, whose DAG exports to a server."""
    airflow = AirflowHome(
        folder / "home", project, FEATURE_PIPELINE_ENV_REDIS_URL=server.tcp_url, **variables
    )
    migrated = airflow.command("db", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    return airflow


def run_plain(folder: Path) -> Plain:
    """Run two intervals by the plain commands, and one that a data test refuses by Airflow.

    Rows came late by then, which the lookback of a day takes along as far as it reaches.
    """
    project = clicks_project(folder / "project")
    states = []
    with redis_server() as server, receiver() as (url, alerts):
        for start, end in DAYS:
            run_plainly(project, server.tcp_url, start, end)
            states.append(state_of(project, server))
        (project / "data/clicks_2024-05-03.csv").write_text(BROKEN)
        (project / "data/clicks_late.csv").write_text(LATE)
        variables = {"WEBHOOK_URL": f"{url}/T0P-SECRET", "LOOKBACK": "1d"}
        own = {f"FEATURE_PIPELINE_{name}": value for name, value in variables.items()}
        airflow = new_airflow(folder, project, server, **own)
        failed = airflow.run_dag("2024-06-01", start="2024-05-03", end="2024-05-04")
        after = state_of(project, server)
        return Plain(states, failed, airflow.states(), alerts, after)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Future[Plain]]:
    """The plain commands, at the same time as the pipeline: nothing is shared."""
    with ThreadPoolExecutor(1) as executor:
        yield executor.submit(run_plain, tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def pipeline(
    tmp_path_factory: pytest.TempPathFactory, plain: Future[Plain]
) -> tuple[list[State], list[datetime]]:
    """Two intervals and the first of them again, by Airflow: the states after each run.

    Beside them, as of which times it served.
    """
    folder = tmp_path_factory.mktemp("airflow")
    project = clicks_project(folder / "project")
    states = []
    with redis_server() as server:
        airflow = new_airflow(folder, project, server)
        for logical_date in ("2024-05-02", "2024-05-03", "2024-05-02"):
            done = airflow.run_dag(logical_date)
            assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-10_000:]
            assert {*airflow.states().values()} == {"success"}
            states.append(state_of(project, server))
    return states, as_of_times(project)


def test_two_intervals_equal_the_plain_commands(
    pipeline: tuple[list[State], list[datetime]], plain: Future[Plain]
) -> None:
    states, _ = pipeline
    assert [state.raw_rows for state in states] == [3, 6, 6]
    assert states[:2] == plain.result().states
    # ann: 12 s and 48 s on 1 May, 31 s on 2 May; bob was there on 1 May, cleo on 2 May.
    ann = [state.keys["fs:{visitor:ann}:visitor_clicks:v1"] for state in states]
    assert [(one["seconds_1d"], one["seconds_7d"]) for one in ann[:2]] == [
        ("60", "60"),
        ("31", "91"),
    ]
    assert [len(state.keys) for state in states] == [2, 3, 3]


def test_a_repeated_interval_changes_nothing(pipeline: tuple[list[State], list[datetime]]) -> None:
    """Neither the rows nor as of which time they are served, though a later day was served."""
    states, times = pipeline
    assert states[2] == states[1]
    assert times == [datetime(2024, 5, 2), datetime(2024, 5, 3), datetime(2024, 5, 3)]


def test_a_failed_data_test_stops_the_export(plain: Future[Plain]) -> None:
    """The range is a parameter; the alert is one line, and its address is a secret."""
    found = plain.result()
    printed = found.failed.stdout + found.failed.stderr
    assert found.failed.returncode != 0
    assert found.task_states == {
        **dict.fromkeys(["interval", "raw.wait_for_raw", "raw.load_raw"], "success"),
        **{"dbt.serving_time": "success", "dbt.build": "failed"},
        **dict.fromkeys(["online.export_to_redis", "online.check_consistency"], "upstream_failed"),
    }
    before, after = found.states[-1], found.after_failure
    assert (after.keys, after.served) == (before.keys, before.served)
    # Six rows from before, the broken one, and of the late ones that of the lookback.
    assert after.raw_rows == 6 + 1 + 1

    [body] = found.alerts
    line = json.loads(body)["text"]
    assert re.fullmatch(
        r"feature pipeline failed: dag feature_pipeline, task dbt.build, interval "
        r"2024-05-03T00:00:00\+00:00/2024-05-04T00:00:00\+00:00, log http://\S+/dbt.build\S*",
        line,
    )
    assert line in printed
    assert "T0P-SECRET" not in printed
