"""The as_of of a refresh: the end of its interval, but not before the as_of of an earlier run."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from feature_store.errors import FeatureStoreError
from feature_store.pipeline.time_of_run import time_of_run
from support.projects.tiny_store import TinyStore, View, tiny_environment
from support.servers.redis_server import run_script

pytestmark = pytest.mark.slow

DAILY = View("daily", {"thing_id": "bigint"}, {"a": "integer"})
HOURLY = View("hourly", {"thing_id": "bigint"}, {"a": "integer"})
#: A view that is no longer in the project.
DROPPED = View("dropped", {"thing_id": "bigint"}, {"a": "integer"})


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 5, day, hour)


@pytest.fixture
def store(tmp_path: Path) -> TinyStore:
    return TinyStore(tmp_path / "tiny", [DAILY, HOURLY])


def serve(store: TinyStore, *runs: tuple[View, datetime]) -> None:
    """Record runs that served a view as of a time, in this order."""
    store.execute(
        "create or replace table operations.served_runs (snapshot_id varchar, as_of timestamp, "
        "served_at timestamp)"
    )
    for second, (view, as_of) in enumerate(runs):
        store.execute(
            "insert into operations.served_runs values (?, ?, ?)",
            [view.ids[2], as_of, datetime(2026, 6, 1, 0, 0, second)],
        )


def as_of_run(store: TinyStore, end: datetime | None) -> datetime | None:
    return time_of_run(store.settings(None), end)


def test_the_first_run_serves_as_of_the_end_of_its_interval(store: TinyStore) -> None:
    assert as_of_run(store, at(3)) == at(3)


def test_without_an_interval_dbt_decides(store: TinyStore) -> None:
    serve(store, (DAILY, at(5)))
    assert as_of_run(store, None) is None


@pytest.mark.parametrize("end", [at(5), at(6)])
def test_a_later_interval_is_served_as_of_its_end(store: TinyStore, end: datetime) -> None:
    serve(store, (DAILY, at(5)), (HOURLY, at(4, 7)))
    assert as_of_run(store, end) == end


def test_an_earlier_interval_is_served_as_of_the_time_of_the_last_run(store: TinyStore) -> None:
    serve(store, (DAILY, at(4)), (HOURLY, at(4)), (DAILY, at(5)), (HOURLY, at(5)))
    assert as_of_run(store, at(3)) == at(5)


def test_views_with_different_times_are_served_as_of_the_end_of_data(store: TinyStore) -> None:
    """The latest of these times is not one that all views had, so dbt determines as_of."""
    serve(store, (DAILY, at(5)), (HOURLY, at(4, 7)))
    assert as_of_run(store, at(4, 12)) is None


def test_the_last_run_counts_not_the_latest_time(store: TinyStore) -> None:
    """An earlier as_of was given on purpose."""
    serve(store, (DAILY, at(9)), (HOURLY, at(9)), (DAILY, at(5)), (HOURLY, at(5)))
    assert as_of_run(store, at(6)) == at(6)


def test_a_view_removed_from_the_project_does_not_count(store: TinyStore) -> None:
    serve(store, (DROPPED, at(20)), (DAILY, at(5)), (HOURLY, at(5)))
    assert as_of_run(store, at(6)) == at(6)
    assert as_of_run(store, at(4)) == at(5)


def test_a_script_prints_it_as_vars_for_dbt(store: TinyStore) -> None:
    def printed(end: str) -> str:
        environment = tiny_environment(store, None)
        done = run_script("serving_time.py", "--end", end, environment=environment)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert printed("2026-05-03T01:00:00+02:00") == '{"as_of": "2026-05-02 23:00:00"}\n'
    serve(store, (DAILY, at(5)), (HOURLY, at(5)))
    assert printed("2026-05-03") == '{"as_of": "2026-05-05 00:00:00"}\n'
    serve(store, (DAILY, at(5)), (HOURLY, at(4)))
    assert printed("2026-05-03") == '{"as_of": null}\n'


def test_an_as_of_in_the_future_does_not_count(store: TinyStore) -> None:
    """The run before it counts: its as_of is later than the end of the interval."""
    future = datetime(2042, 1, 2)
    serve(store, (DAILY, future), (HOURLY, future))
    assert as_of_run(store, at(3)) == at(3)
    serve(store, (DAILY, at(5)), (HOURLY, at(5)), (DAILY, future), (HOURLY, future))
    assert as_of_run(store, at(3)) == at(5)


def test_the_last_run_counts_not_the_latest_clock(store: TinyStore) -> None:
    """For one run the clock of the machine was wrong."""
    serve(store, (DAILY, at(2)), (HOURLY, at(2)), (DAILY, at(5)), (HOURLY, at(5)))
    store.execute(
        "update operations.served_runs set served_at = timestamp '2042-01-02' where as_of = ?",
        [at(2)],
    )
    assert as_of_run(store, at(3)) == at(5)


def test_an_end_in_the_future_is_an_error(store: TinyStore) -> None:
    with pytest.raises(FeatureStoreError, match=r"END 9999-12-31 00:00:00.* lies in the future"):
        as_of_run(store, datetime(9999, 12, 31))
