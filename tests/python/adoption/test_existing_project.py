"""A team's dbt project, of other names and with tables of its own, adds the feature store.

The project is called acme_shop, its source has neither a loader nor loaded_at, the schemas are its
own, the profile has another name, and there is an incremental model of the team.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from support.paths import REPOSITORY
from support.projects.adopted_project import AdoptedProject
from support.servers.redis_server import RedisServer

pytestmark = pytest.mark.slow

#: Twelve lines are what a person writes for a feature view.
VIEW = """\
models:
  - name: visitor_tickets
    description: One row per visitor and feature time, what the visitor has bought.
    config:
      meta:
        feature_view:
          entity: [visitor_id]
          event_time: sold_at
          events: source('lake', 'tickets')
          windows: [7d, 28d]
          aggregates: {tickets: count(*), spend: {sql: sum(price), empty: 0}}
          online: {layout: hash}
"""
_PROJECT = """\
# The shop's own project.
name: acme_shop
profile: warehouse_of_acme
flags: {send_anonymous_usage_stats: false}
vars:
  feature_store_operations_schema: store_runs
models:
  acme_shop:
    +schema: marts  # ours
"""
_PROFILE = """\
warehouse_of_acme:
  target: local
  outputs:
    local: {type: duckdb, path: "data/{{ env_var('ACME_FILE') }}", schema: team, threads: 2}
"""
_SOURCE = """\
sources:
  - name: lake
    tables: [{name: tickets}]
"""
_OWN_MODEL = """\
{{ config(materialized='incremental') }}
select visitor_id, sold_at, '{{ invocation_id }}' as built_by
from {{ source('lake', 'tickets') }}
{% if is_incremental() %} where sold_at > (select max(sold_at) from {{ this }}) {% endif %}
"""
_OWN_LASTING_MODEL = _OWN_MODEL.replace("'incremental'", "'incremental', full_refresh=false")
_FIRST = [
    (1, "2024-05-01 09:12:00", "12.50"),
    (2, "2024-05-01 10:40:00", "7.25"),
    (1, "2024-05-03 17:05:00", "31.00"),
    (3, "2024-05-06 08:30:00", "5.75"),
]
#: Of the second build: a new event, a late one, and one of a new visitor.
_SECOND = [
    (1, "2024-05-08 12:00:00", "9.90"),
    (2, "2024-05-02 23:59:59", "1.00"),
    (4, "2024-05-08 00:00:00", "4.40"),
]
_THIRD = [(3, "2024-05-10 06:00:00", "2.05")]
_WINDOWS = {"7d": 7, "28d": 28}
_HISTORY = """\
import json
from feature_store import FeatureStore
import pandas as pd
spine = pd.DataFrame({"visitor_id": [1, 2, 9], "event_timestamp": pd.to_datetime(
    ["2024-05-09 12:00", "2024-05-03 00:00", "2024-05-09 12:00"])})
with FeatureStore() as store:
    found = store.get_historical_features(spine, ["visitor_tickets"], time="event_timestamp")
    print(found.to_pandas().to_json(orient="records", date_format="iso"))
"""


def insert(project: AdoptedProject, rows: list[tuple[int, str, str]]) -> None:
    project.execute(f"insert into lake.tickets values {', '.join(map(str, rows))}")


def oracle(events: list[tuple[int, str, str]], visitor: int, at: datetime) -> dict[str, object]:
    """Return the features of a visitor from the events before a time, in plain Python."""
    found: dict[str, object] = {}
    own = [(datetime.fromisoformat(time), Decimal(p)) for who, time, p in events if who == visitor]
    for name, days in _WINDOWS.items():
        inside = [price for time, price in own if at - timedelta(days=days) <= time < at]
        found |= {f"tickets_{name}": len(inside), f"spend_{name}": sum(inside, Decimal(0))}
    return found


def feature_times(events: list[tuple[int, str, str]], visitor: int) -> set[datetime]:
    """Return the midnights at which an event of a visitor enters or leaves a window."""
    days = [datetime.fromisoformat(time[:10]) for who, time, _ in events if who == visitor]
    return {day + timedelta(days=1 + more) for day in days for more in (0, *_WINDOWS.values())}


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory, shared: RedisServer) -> AdoptedProject:
    """Return the project after init, build-views, two builds and a refresh."""
    folder = tmp_path_factory.mktemp("acme")
    (folder / "data").mkdir()
    project = AdoptedProject(folder, folder / "data/acme.duckdb")
    project.variables |= {"ACME_FILE": "acme.duckdb", "REDIS_URL": shared.unix_url}
    project.write("dbt_project.yml", _PROJECT)
    project.write("profiles.yml", _PROFILE)
    project.write("models/sources.yml", _SOURCE)
    project.write("models/own_log.sql", _OWN_MODEL)
    project.write("models/own_lasting_log.sql", _OWN_LASTING_MODEL)
    project.execute(
        "create schema lake",
        "create table lake.tickets (visitor_id bigint, sold_at timestamp, price decimal(8, 2))",
    )
    insert(project, _FIRST)
    project.command("init", "--package", str(REPOSITORY / "macros"))
    project.write("models/marts/visitor_tickets.yml", VIEW)
    project.dbt("deps")
    project.command("build-views")
    project.dbt("build")
    insert(project, _SECOND)
    project.dbt("build")
    insert(project, _THIRD)
    project.refreshed = project.command("refresh")
    return project


EVENTS = [*_FIRST, *_SECOND, *_THIRD]


def test_the_project_keeps_its_own_settings(acme: AdoptedProject) -> None:
    assert (acme.folder / "dbt_project.yml").read_text() == _PROJECT
    assert len(VIEW.splitlines()) == 12


def test_a_refresh_has_nothing_to_load(acme: AdoptedProject) -> None:
    assert "load skipped: no source declares config.meta.load" in acme.refreshed
    assert "rows sent" in acme.refreshed


def test_schemas_are_the_teams(acme: AdoptedProject) -> None:
    found = {name for (name,) in acme.query("select distinct schema_name from duckdb_tables()")}
    assert found == {"lake", "team", "team_marts", "store_runs"}


def test_every_row_of_the_view(acme: AdoptedProject) -> None:
    names = [f"{name}_{window}" for name in ("tickets", "spend") for window in _WINDOWS]
    rows = acme.query(
        f"select visitor_id, feature_time, {', '.join(names)} from team_marts.visitor_tickets_v1"
    )
    assert rows
    for visitor, time, *values in rows:
        expected = oracle(EVENTS, visitor, time)
        assert dict(zip(names, values, strict=True)) == expected, (visitor, time)
    for visitor in (1, 2, 3, 4):
        assert {time for who, time, *_ in rows if who == visitor} == feature_times(EVENTS, visitor)


def test_known_at_is_the_event_time(acme: AdoptedProject) -> None:
    [(known,)] = acme.query(
        "select min(known_at) from team_marts.visitor_tickets_v1 where visitor_id = 3"
    )
    assert known == datetime(2024, 5, 6, 8, 30)


@pytest.mark.parametrize("visitor", [1, 2, 3, 4])
def test_the_online_store(acme: AdoptedProject, visitor: int) -> None:
    found = json.loads(acme.command("get", "visitor", str(visitor), "--json"))["features"]
    values = {
        name.partition(":")[2]: Decimal(str(value)) for name, value in found.items() if ":" in name
    }
    last = max(time for time in feature_times(EVENTS, visitor) if time <= datetime(2024, 5, 11))
    assert values == oracle(EVENTS, visitor, last)


def test_the_check_finds_nothing_wrong(acme: AdoptedProject) -> None:
    found = json.loads(acme.command("check", "--json"))
    assert [one["checked"] for one in found] == [4]
    assert all(not any(one["counts"].values()) for one in found if "counts" in one)


def test_historical_features(acme: AdoptedProject) -> None:
    done = acme.run_code(_HISTORY)
    rows = json.loads(done)
    assert [row["visitor_id"] for row in rows] == [1, 2, 9]
    names = ("tickets_7d", "spend_28d")
    assert [rows[0][name] for name in names] == [2, 53.4]
    assert [rows[1][name] for name in names] == [2, 8.25]
    assert [rows[2][name] for name in names] == [None, None]


def test_a_training_set_is_reproduced(acme: AdoptedProject) -> None:
    labels = acme.write(
        "labels.csv",
        "visitor_id,label_time,came_back\n"
        "1,2024-05-09 00:00:00,true\n2,2024-05-03 00:00:00,false\n",
    )
    acme.command(
        "train", "--feature", "visitor_tickets:spend_28d", "--labels", str(labels), "--out", "train"
    )
    metadata = json.loads((acme.folder / "train/metadata.json").read_text())
    assert {*metadata["join_macros"]} >= {"macro.feature_store.point_in_time_join"}
    made_from = metadata["feature_views"][0]["made_from"]
    assert "macro.feature_store.windowed_features" in made_from
    assert "reproduced" in acme.command("train", "--verify", "train")


def test_explain(acme: AdoptedProject) -> None:
    found = json.loads(
        acme.command(
            "explain", "visitor", "1", "visitor_tickets:spend_7d", "--at", "2024-05-09", "--json"
        )
    )
    assert found["is_confirmed"]
    assert Decimal(str(found["value"])) == oracle(EVENTS, 1, datetime(2024, 5, 9))["spend_7d"]


def test_explain_without_a_time(acme: AdoptedProject) -> None:
    """The time as of which it was served last: the value is the one that is served."""
    arguments = ("explain", "visitor", "1", "visitor_tickets:spend_7d")
    found = json.loads(acme.command(*arguments, "--json"))
    assert found["value"] == found["served"]["value"]
    assert found["served"]["served_to"] is None
    first, *_ = acme.command(*arguments).splitlines()
    assert first.endswith(" 00:00 UTC, as of which it was served last")


def test_replay_says_that_there_is_nothing_to_replay(acme: AdoptedProject) -> None:
    out = acme.command("replay", "--start", "2024-05-01", "--end", "2024-05-03", code=1)
    assert "there is nothing to replay" in out


def test_generated_files_are_up_to_date(acme: AdoptedProject) -> None:
    acme.command("build-views", "--check")


def test_the_teams_incremental_models(acme: AdoptedProject) -> None:
    """They behave as dbt's: appended to, built in full with --full-refresh, or never."""
    # The late event of the second build is not appended, as is_incremental() has it.
    for model in ("own_log", "own_lasting_log"):
        [(rows, builds)] = acme.query(
            f"select count(*), count(distinct built_by) from team_marts.{model}"
        )
        assert (rows, builds) == (len(EVENTS) - 1, 3)
    # A model whose SQL changes is not built in full by itself, as dbt has it.
    acme.write("models/own_log.sql", _OWN_MODEL + "-- changed\n")
    acme.dbt("run", "--select", "own_log", "own_lasting_log")
    assert acme.query("select count(distinct built_by) from team_marts.own_log") == [(3,)]
    acme.dbt("run", "--full-refresh", "--select", "own_log", "own_lasting_log")
    assert acme.query("select count(*), count(distinct built_by) from team_marts.own_log") == [
        (len(EVENTS), 1)
    ]
    assert acme.query(
        "select count(*), count(distinct built_by) from team_marts.own_lasting_log"
    ) == [(len(EVENTS) - 1, 3)]


def test_the_var_of_the_schema_stands_at_the_top(acme: AdoptedProject, tmp_path: Path) -> None:
    copy = AdoptedProject(tmp_path, acme.warehouse, variables=acme.variables)
    copy.write("profiles.yml", _PROFILE)
    copy.write("dbt_project.yml", _PROJECT.replace("vars:\n  ", "vars:\n  acme_shop:\n    "))
    out = copy.command("get", "visitor", "1", code=1)
    assert "feature_store_operations_schema stands below acme_shop" in out
