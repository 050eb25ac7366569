"""Events that are not in the warehouse: in files, and in an attached database of another team."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from support.paths import REPOSITORY
from support.projects.adopted_project import AdoptedProject
from support.servers.redis_server import RedisServer

pytestmark = pytest.mark.slow

_PROJECT = "{name: lakeside, profile: lakeside, flags: {send_anonymous_usage_stats: false}}\n"
_PROFILE = """\
lakeside:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: lakeside.duckdb
      settings: {TimeZone: UTC, preserve_insertion_order: "{{ env_var('ORDERED') }}"}
      attach: [{path: "{{ env_var('CRM') }}", alias: crm, read_only: true}]
"""
_SOURCES = """\
sources:
  - name: files
    config: {meta: {external_location: "read_parquet('events/{name}/*.parquet')"}}
    tables: [{name: clicks}]
  - name: crm
    schema: main
    database: crm
    tables: [{name: orders}]
"""
_VIEW = """\
models:
  - name: {name}
    config:
      meta:
        feature_view:
          entity: [person]
          event_time: happened_at
          events: {events}
          windows: [1d, 7d]
          aggregates: {{n: count(*), total: {{sql: sum(amount), empty: 0}}}}
          online: {{layout: hash}}
"""
_VIEWS = {
    "clicked": "source('files', 'clicks')",
    "ordered": "source('crm', 'orders')",
    "staged": "ref('stg_orders')",
}
_START = datetime(2026, 5, 1)
_HISTORY = """\
from feature_store import FeatureStore
with FeatureStore() as store:
    spine = 'select person, happened_at as event_timestamp from main.stg_orders'
    found = store.get_historical_features(spine, ["ordered:n_7d"], time="event_timestamp")
    print(found.to_pandas()["n_7d"].count())
"""

Event = tuple[str, datetime, int]


def _events(first: int, last: int) -> list[Event]:
    return [
        (f"p{number % 3}", _START + number * timedelta(hours=7, minutes=1), number % 5)
        for number in range(first, last)
    ]


def _write_events(folder: Path, part: int, events: list[Event]) -> None:
    rows = ", ".join(f"('{who}', timestamp '{at}', {amount})" for who, at, amount in events)
    rows = f"(values {rows}) as t (person, happened_at, amount)"
    (folder / "events/clicks").mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(folder / "crm.duckdb")) as connection:
        connection.execute(f"create table if not exists orders as from {rows} limit 0")
        connection.execute(f"insert into orders from {rows}")
        connection.execute(f"copy (from {rows}) to '{folder}/events/clicks/{part}.parquet'")


@pytest.fixture(scope="module")
def lakeside(tmp_path_factory: pytest.TempPathFactory, shared: RedisServer) -> AdoptedProject:
    """Return the project after build-views, a build, and a refresh with more events."""
    folder = tmp_path_factory.mktemp("lakeside")
    project = AdoptedProject(folder, folder / "lakeside.duckdb")
    project.variables |= {"REDIS_URL": shared.unix_url, "CRM": "crm.duckdb", "ORDERED": "true"}
    project.variables |= {"FEATURE_STORE_PREFIX": "lakeside"}
    project.write("dbt_project.yml", _PROJECT)
    project.write("profiles.yml", _PROFILE)
    project.write("packages.yml", {"packages": [{"local": str(REPOSITORY / "macros")}]})
    project.write("models/sources.yml", _SOURCES)
    project.write(
        "models/stg_orders.sql",
        "{{ config(materialized='view') }}\nselect * from {{ source('crm', 'orders') }}\n",
    )
    for name, events in _VIEWS.items():
        project.write(f"models/{name}.yml", _VIEW.format(name=name, events=events))
    _write_events(folder, 1, _events(0, 40))
    project.dbt("deps")
    # Nothing of these two views is in the warehouse, which does not exist yet.
    project.command("build-views", "clicked", "ordered")
    project.dbt("build", "--select", "stg_orders")
    project.command("build-views")
    project.dbt("build")
    _write_events(folder, 2, _events(40, 70))
    project.refreshed = project.command("refresh")
    return project


def _expected(who: str, at: datetime) -> dict[str, int]:
    found: dict[str, int] = {}
    own = [(time, amount) for name, time, amount in _events(0, 70) if name == who]
    for days in (1, 7):
        inside = [amount for time, amount in own if at - timedelta(days=days) <= time < at]
        found |= {f"n_{days}d": len(inside), f"total_{days}d": sum(inside)}
    return found


@pytest.mark.parametrize("view", _VIEWS)
def test_every_row(lakeside: AdoptedProject, view: str) -> None:
    names = [*_expected("p0", _START)]
    rows = lakeside.query(f"select person, feature_time, {', '.join(names)} from {view}_v1")
    assert len(rows) > 50
    for who, at, *values in rows:
        assert dict(zip(names, values, strict=True)) == _expected(who, at), (who, at)


@pytest.mark.parametrize("view", _VIEWS)
def test_explained_from_its_events(lakeside: AdoptedProject, view: str) -> None:
    at = ("--at", "2026-05-19")
    found = json.loads(
        lakeside.command("explain", "person", "p1", f"{view}:total_7d", *at, "--json")
    )
    assert found["is_confirmed"]
    assert int(found["value"]) == _expected("p1", datetime(2026, 5, 19))["total_7d"]
    assert found["contributions"][0]["row_count"] == _expected("p1", datetime(2026, 5, 19))["n_7d"]


def test_commands_run_in_a_folder_below(lakeside: AdoptedProject) -> None:
    below = AdoptedProject(lakeside.folder / "models", lakeside.warehouse)
    below.variables |= lakeside.variables
    out = below.command("explain", "person", "p1", "clicked:n_7d", "--at", "2026-05-19")
    assert "the same" in out
    assert "up to date" in below.command("build-views", "--check")


def test_a_spine_reads_a_view_of_the_attached_database(lakeside: AdoptedProject) -> None:
    known = int(lakeside.run_code(_HISTORY))
    assert known > 0


def test_what_is_missing_is_named(lakeside: AdoptedProject) -> None:
    gone = AdoptedProject(lakeside.folder, lakeside.warehouse)
    gone.variables |= lakeside.variables | {"CRM": "elsewhere.duckdb"}
    out = gone.command("explain", "person", "p1", "ordered:n_7d", "--at", "2026-05-19", code=1)
    assert "profiles.yml: target dev: attach crm: " in out
    assert "Traceback" not in out
