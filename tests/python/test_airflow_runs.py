"""A real Airflow runs the pipeline; what comes out is what the plain commands give."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from airflow_home import AirflowHome
from clicks_project import clicks_project
from http_receiver import receiver
from online_fixtures import RedisServer, redis_server

DAYS = [("2024-05-01", "2024-05-02"), ("2024-05-02", "2024-05-03")]
RELATIONS = ["features.visitor_clicks_v1", "online.online_visitor_clicks_v1"]
#: A click longer than a day, which a data test refuses.
BROKEN = "visitor_id,clicked_at,page,seconds\nann,2024-05-03 10:00:00,shoes,100000\n"


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
            "select columns(c -> c not like 'dbt_%' and c <> 'known_at') "
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
    others = ("FEATURE_", "DBT_", "PYTHONPATH")
    environment = {name: text for name, text in os.environ.items() if not name.startswith(others)}
    variables = json.dumps({"as_of": end})
    for words in (
        ["scripts/load_raw.py", "--start", start, "--end", end],
        [
            *("-m", "dbt.cli.main", "build", "--exclude-resource-type", "unit_test"),
            *("--vars", variables),
        ],
        ["scripts/export_to_redis.py"],
    ):
        done = subprocess.run(
            [sys.executable, *words],
            cwd=project,
            env=environment | {"REDIS_URL": url},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@dataclass
class Pipeline:
    """A project that Airflow runs, and what it held after each run."""

    project: Path
    server: RedisServer
    airflow: AirflowHome
    states: list[State] = field(default_factory=list)

    def run(self, logical_date: str) -> None:
        """Run the interval that ended by then, which must work."""
        done = self.airflow.run_dag(logical_date)
        assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-10_000:]
        assert {*self.airflow.states().values()} == {"success"}
        self.states.append(state_of(self.project, self.server))


def plain_states(folder: Path) -> list[State]:
    """Return the states after each of the two intervals, by the plain commands."""
    project = clicks_project(folder / "project")
    states = []
    with redis_server() as server:
        for start, end in DAYS:
            run_plainly(project, server.tcp_url, start, end)
            states.append(state_of(project, server))
    return states


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Future[list[State]]]:
    """The plain commands, beside what Airflow does meanwhile: both wait for processes mostly."""
    with ThreadPoolExecutor(1) as executor:
        yield executor.submit(plain_states, tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def pipeline(
    tmp_path_factory: pytest.TempPathFactory, plain: Future[list[State]]
) -> Iterator[Pipeline]:
    """Two intervals and the first of them again, by Airflow."""
    folder = tmp_path_factory.mktemp("airflow")
    project = clicks_project(folder / "project")
    with redis_server() as server:
        airflow = AirflowHome(
            folder / "home", project, FEATURE_PIPELINE_ENV_REDIS_URL=server.tcp_url
        )
        migrated = airflow.command("db", "migrate")
        assert migrated.returncode == 0, migrated.stderr
        made = Pipeline(project, server, airflow)
        for logical_date in ("2024-05-02", "2024-05-03", "2024-05-02"):
            made.run(logical_date)
        yield made


def test_two_intervals_are_what_the_plain_commands_give(
    pipeline: Pipeline, plain: Future[list[State]]
) -> None:
    first, second = plain.result()
    assert [first.raw_rows, second.raw_rows] == [3, 6]
    assert pipeline.states[0] == first
    assert pipeline.states[1] == second
    # ann: 12 s and 48 s on 1 May, 31 s on 2 May; bob was there on 1 May, cleo on 2 May.
    ann = pipeline.states[1].keys["fs:{visitor:ann}:visitor_clicks:v1"]
    assert (ann["seconds_1d"], ann["seconds_7d"]) == ("31", "91")
    assert pipeline.states[0].keys["fs:{visitor:ann}:visitor_clicks:v1"]["seconds_7d"] == "60"
    assert [len(first.keys), len(second.keys)] == [2, 3]


def test_a_repeated_interval_changes_nothing(pipeline: Pipeline) -> None:
    """Neither the rows nor as of which time they are served, though a later day was served."""
    assert pipeline.states[2] == pipeline.states[1]
    assert as_of_times(pipeline.project)[:3] == [
        datetime(2024, 5, 2),
        datetime(2024, 5, 3),
        datetime(2024, 5, 3),
    ]


def test_a_failed_data_test_stops_the_export(pipeline: Pipeline) -> None:
    """The range is a parameter; the alert is one line, and its address is a secret."""
    (pipeline.project / "data/clicks_2024-05-03.csv").write_text(BROKEN)
    before = state_of(pipeline.project, pipeline.server)
    with receiver() as (url, received):
        pipeline.airflow.environment["FEATURE_PIPELINE_WEBHOOK_URL"] = f"{url}/T0P-SECRET"
        done = pipeline.airflow.run_dag("2024-06-01", start="2024-05-03", end="2024-05-04")
    printed = done.stdout + done.stderr
    assert done.returncode != 0
    states = pipeline.airflow.states()
    assert states["dbt.build"] == "failed"
    assert states["online.export_to_redis"] == "upstream_failed"
    assert states["online.check_consistency"] == "upstream_failed"
    after = state_of(pipeline.project, pipeline.server)
    assert (after.raw_rows, after.keys, after.served) == (7, before.keys, before.served)

    [body] = received
    line = json.loads(body)["text"]
    assert re.fullmatch(
        r"feature pipeline failed: dag feature_pipeline, task dbt.build, interval "
        r"2024-05-03T00:00:00\+00:00/2024-05-04T00:00:00\+00:00, log http://\S+/dbt.build\S*",
        line,
    )
    assert line in printed
    assert "T0P-SECRET" not in printed
