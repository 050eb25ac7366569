"""Tests of served times outside Python's years: one error, and the other views are exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from feature_store.errors import FeatureStoreError
from support.projects.things_store import served_at
from support.projects.tiny_store import TinyStore, View
from support.servers.redis_server import RedisServer

pytestmark = pytest.mark.slow

FIRST = View("first", {"thing_id": "bigint"}, {"a": "integer"})
LAST = View("last", {"thing_id": "bigint"}, {"a": "integer"})
MIDDLE = View(
    "middle",
    {"thing_id": "bigint", "day": "date"},
    {
        "moment": "timestamp",
        "zoned": "timestamp with time zone",
        "seconds": "timestamp_s",
        "born": "date",
        "days": "date[]",
        "nested": "struct(a timestamp, b map(varchar, timestamp[]))",
    },
)
ROW = (1, "2026-01-01", *["2026-01-02"] * 4, ["2026-01-03"], None)
EARLY, LATE = "0000-06-01", "10000-01-01"
UNREADABLE = [
    *(("feature_time", f"timestamp '{text}'") for text in (EARLY, LATE, "infinity", "-infinity")),
    *(("day", f"date '{text}'") for text in (EARLY, LATE, "infinity")),
    *(("moment", f"timestamp '{text}'") for text in (EARLY, "10000-01-01 00:00:00.000001")),
    ("zoned", f"timestamptz '{LATE} 00:00:00+00'"),
    ("seconds", "timestamp_s '200000-01-01'"),
    *(("born", f"date '{text}'") for text in (EARLY, LATE, "5877642-06-25 (BC)")),
    ("days", f"[date '2026-01-01', date '{LATE}']"),
    ("nested", f"{{'a': timestamp '{EARLY}', 'b': map {{}}}}"),
    ("nested", f"{{'a': null, 'b': map {{'x': [null, timestamp '{LATE}']}}}}"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> TinyStore:
    store = TinyStore(tmp_path_factory.mktemp("times") / "tiny", [FIRST, MIDDLE, LAST])
    for view, row in ((FIRST, (1, 1)), (LAST, (1, 1))):
        store.serve(view, [row])
    return store


@pytest.fixture
def store(made: TinyStore) -> TinyStore:
    """Return a project of three views; the middle one has a row with times of all kinds."""
    made.execute(
        "delete from snapshots.served_middle_v1; drop table if exists operations.served_runs"
    )
    made.serve(MIDDLE, [ROW])
    return made


def spoil(store: TinyStore, column: str, value: str) -> None:
    store.execute(f"update snapshots.served_middle_v1 set {column} = {value}")


@pytest.mark.parametrize(("column", "value"), UNREADABLE)
def test_one_error_names_it_and_the_other_views_are_exported(
    store: TinyStore, server: RedisServer, column: str, value: str
):
    spoil(store, column, value)
    with pytest.raises(FeatureStoreError) as caught:
        store.export(server.unix_url)
    assert "middle:v1: fs:{thing|day:1|" in str(caught.value)
    assert f"{column} is" in str(caught.value)
    assert not [key for key in server.db.scan_iter() if "middle" in key]
    assert server.db.exists("fs:{thing:1}:first:v1", "fs:{thing:1}:last:v1") == 2


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("moment", f"timestamp '{text}'") for text in ("infinity", "-infinity")),
        ("moment", "timestamp '9999-12-31 23:59:59.999999'"),
        ("feature_time", "timestamp '0001-01-01'"),
        ("born", "date 'infinity'"),
        ("days", "[date '-infinity', null]"),
    ],
)
def test_the_last_readable_times(store: TinyStore, server: RedisServer, column: str, value: str):
    spoil(store, column, value)
    exported = store.export(server.unix_url, sample=None)
    assert [one.checked.mismatches for one in exported] == [0, 0, 0]


def test_rows_that_are_served_no_longer_do_not_matter(store: TinyStore, server: RedisServer):
    spoil(store, "feature_time", f"timestamp '{LATE}'")
    store.serve(MIDDLE, [(2, *ROW[1:])])
    assert [one.rows for one in store.export(server.unix_url)] == [1, 1, 1]


@pytest.mark.parametrize("what", ["as_of", "dbt_valid_from"])
def test_the_time_of_a_run(store: TinyStore, server: RedisServer, what: str):
    """The end of the last grain of the year 9999 is in the year 10000."""
    if what == "as_of":
        served_at(store, LATE, MIDDLE)
    else:
        spoil(store, "dbt_valid_from", f"timestamp '{LATE}'")
    for arguments in ([], ["--dry-run"], ["--view", "middle"]):
        done = store.run_script("export_to_redis.py", server.unix_url, *arguments)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "middle:v1: " in done.stderr
        assert "10000-01-01" in done.stderr
        assert ("first:v1" in done.stdout) == (arguments != ["--view", "middle"])


@pytest.mark.parametrize(("column", "value"), [UNREADABLE[1], UNREADABLE[5], UNREADABLE[8]])
def test_a_check_names_it_too(store: TinyStore, server: RedisServer, column: str, value: Any):
    store.export(server.unix_url)
    spoil(store, column, value)
    done = store.run_script("check_consistency.py", server.unix_url)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"{column} is" in done.stderr
    assert "first:v1" in done.stdout
    assert "last:v1" in done.stdout


@pytest.mark.parametrize("script", [("get_features_at.py",), ("explain_feature.py", "first:a")])
def test_time_travel_names_it_too(tmp_path: Path, script: tuple[str, ...]):
    """The row of a time that Python reads is given; rows of later times do not matter."""
    store = TinyStore(tmp_path / "tiny", [FIRST])
    store.execute(
        "create schema features; create table features.first_v1 as select thing_id, 5 as a, "
        "feature_time, null::timestamp as known_at from (values "
        "(1::bigint, timestamp '2026-01-01'), (1, timestamp '10000-01-01'), "
        f"(2, timestamp '{EARLY}')) as t(thing_id, feature_time)"
    )
    name, *feature = script
    done = store.run_script(name, None, "thing", "2", *feature, "--at", "2026-06-01")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "first:v1: thing_id 2: feature_time is " in done.stderr
    if name == "get_features_at.py":
        done = store.run_script(name, None, "thing", "1", "--at", "2026-06-01")
        assert (done.returncode, done.stderr) == (0, "")
