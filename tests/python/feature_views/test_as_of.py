"""The time of a run without the var as_of, compared with its definition, for every type of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.projects.compiled_project import compiled, write_project
from support.projects.feature_view_events import PROFILE

pytestmark = pytest.mark.slow

EPOCH, HOUR = datetime(1970, 1, 1), timedelta(hours=1)
LOAD = datetime(2024, 5, 2, 12)
FUTURE = datetime(2042, 1, 1, 10)
TIMES = [None, LOAD, LOAD - HOUR, LOAD + HOUR, FUTURE, datetime(9998, 12, 31, 23), EPOCH - HOUR]
LOADS = [None, LOAD, LOAD - HOUR, LOAD + HOUR]
KINDS = ["timestamp", "timestamptz", "date", "timestamp_ns"]


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the query of as_of() by grain."""
    folder = tmp_path_factory.mktemp("as_of") / "project"
    grains = {"daily": "1d", "hourly": "1h", "weekly": "7d"}
    models = {
        name: f"{{{{ as_of(ref('events'), 'end', '{grain}') }}}}" for name, grain in grains.items()
    }
    write_project(folder, models, {})
    return compiled(folder)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection whose time zone is not UTC."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'America/New_York'")
        yield connection


def expected(
    events: list[tuple[datetime | None, datetime | None]], grain: timedelta
) -> datetime | None:
    """Return the end of the last grain with an event that is not later than its load."""
    times = [(time, load) for time, load in events if time]
    last = max((load for _, load in events if load), default=None)
    known = [(time, load or last or time) for time, load in times]
    latest = max((time for time, load in known if time <= load), default=last if times else None)
    return latest and EPOCH + ((latest - EPOCH) // grain + 1) * grain


def write(
    connection: duckdb.DuckDBPyConnection,
    events: list[tuple[datetime | None, datetime | None]],
    kind: str,
    load_kind: str | None,
) -> None:
    """Write the events; without a kind of load time, the table has none."""

    def typed(column: str, kind: str) -> str:
        zoned = f"{column} at time zone 'UTC'" if kind == "timestamptz" else column
        return f"cast({zoned} as {kind})"

    connection.execute("create or replace table given (time timestamp, load timestamp)")
    if events:
        connection.executemany("insert into given values (?, ?)", [list(one) for one in events])
    load = f", {typed('load', load_kind)} as loaded_at" if load_kind else ""
    connection.execute(
        f'create or replace table events as select {typed("time", kind)} as "end"{load} from given'
    )


def result(connection: duckdb.DuckDBPyConnection, query: str) -> datetime | None:
    return connection.execute(query.replace('"memory"."main"."events"', "events")).fetchall()[0][0]


@pytest.mark.parametrize("load_kind", ["timestamp", "timestamptz"])
@pytest.mark.parametrize("kind", KINDS)
@given(events=st.lists(st.tuples(st.sampled_from(TIMES), st.sampled_from(LOADS)), max_size=6))
@PROFILE
def test_as_of_is_bounded_by_each_event_s_load(
    sql: dict[str, str],
    connection: duckdb.DuckDBPyConnection,
    kind: str,
    load_kind: str,
    events: list[tuple[datetime | None, datetime | None]],
) -> None:
    if kind == "timestamp_ns":  # ends in 2262
        events = [(time and min(time, FUTURE), load) for time, load in events]
    write(connection, events, kind, load_kind)
    if kind == "date":
        events = [
            (time and datetime(time.year, time.month, time.day), load) for time, load in events
        ]
    for name, grain in {"daily": 24 * HOUR, "hourly": HOUR, "weekly": 168 * HOUR}.items():
        assert result(connection, sql[name]) == expected(events, grain), name


def test_without_a_load_time_all_events_count(
    sql: dict[str, str], connection: duckdb.DuckDBPyConnection
) -> None:
    write(connection, [(LOAD, None), (FUTURE, None)], "timestamp", None)
    assert result(connection, sql["daily"]) == datetime(2042, 1, 2)


def test_a_load_date_means_the_end_of_its_day(
    sql: dict[str, str], connection: duckdb.DuckDBPyConnection
) -> None:
    write(connection, [(LOAD, LOAD), (LOAD + 12 * HOUR, LOAD)], "timestamp", "date")
    assert result(connection, sql["hourly"]) == LOAD + HOUR


@pytest.mark.parametrize("infinite", ["infinity", "-infinity"])
def test_an_infinite_time_does_not_count(
    sql: dict[str, str], connection: duckdb.DuckDBPyConnection, infinite: str
) -> None:
    write(connection, [(LOAD, LOAD)], "timestamp", "timestamp")
    connection.execute(f"insert into events values ('{infinite}', '{LOAD}')")
    assert result(connection, sql["hourly"]) == LOAD + HOUR
