"""Duplicates in feature tables and snapshots: two rows of an entity at one time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest

from feature_store import FeatureStore
from feature_store.dbt.macros import Relation
from support.errors import raises
from support.projects.history_store import HistoryStore, labels

BUSY = 40  # rows of one entity, which are looked up in another way than a few
DAYS = "timestamp '2024-05-01' + to_days(n::int)"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return labels of 3 entities at noon on each of 5 days, and a row a day to join."""
    with duckdb.connect() as opened_connection:
        opened_connection.execute(
            f"create table labels as select k, 'x' as shop, {DAYS} + interval 12 hours as t "
            "from range(3) as a(k), range(5) as b(n)"
        )
        opened_connection.execute(
            f"create table f as select k, 'x' as shop, {DAYS} as feature_time, n as v, "
            f"{DAYS} as known_at from range(3) as a(k), range(5) as b(n)"
        )
        opened_connection.execute(
            "create table s as select *, 'id' as dbt_scd_id, feature_time as dbt_updated_at, "
            "feature_time as dbt_valid_from, feature_time + interval 1 day as dbt_valid_to from f"
        )
        yield opened_connection


@pytest.fixture
def joined(macros, connection) -> Callable[..., list[tuple[Any, ...]]]:
    """Return a function that joins the feature table, or its snapshot, to the labels."""

    def join(mode: str, **options: Any) -> list[tuple[Any, ...]]:
        name = "f" if mode == "as_recomputed" else "s"
        view = {"features": Relation(name, name), "entity": ["k", "shop"], **options}
        sql = macros.point_in_time_join("labels", [view], time="t", mode=mode)
        return connection.execute(sql).fetchall()

    return join


def change(connection: duckdb.DuckDBPyConnection, sql: str, is_busy: bool) -> None:
    """Change a table, after the entities have got many labels or only few."""
    if is_busy:
        connection.execute(f"insert into labels select labels.* from labels, range({BUSY})")
    connection.execute(sql)


@pytest.mark.parametrize("is_busy", [False, True])
@pytest.mark.parametrize("options", [{}, {"select": ["v"]}, {"max_age": "2d", "prefix": "p_"}])
def test_duplicates_are_refused(is_busy, options, connection, joined):
    change(connection, "insert into f select * from f where k = 1 and v = 2", is_busy)
    with pytest.raises(duckdb.InvalidInputException) as caught:
        joined("as_recomputed", **options)
    rows = 1 + BUSY if is_busy else 1
    assert (
        "point_in_time_join: f has duplicates, more than one row of an entity and feature_time, "
        f"for {rows} row(s) of the labels. Example: k 1, shop x, feature_time 2024-05-03 00:00:00"
    ) in str(caught.value)


@pytest.mark.parametrize("is_busy", [False, True])
@pytest.mark.parametrize(
    "sql",
    [
        # What no label reaches: an entity, a time, and a key that is null.
        "insert into f select 9, shop, feature_time, v, known_at from f",
        "insert into f select k, shop, timestamp '2030-01-01', v, known_at from f, range(2)",
        "insert into f select null, shop, feature_time, v, known_at from f",
    ],
)
def test_duplicates_that_no_label_reaches_are_allowed(sql, is_busy, connection, joined):
    change(connection, sql, is_busy)
    rows = joined("as_recomputed")
    assert len(rows) == 15 * (1 + BUSY * is_busy)
    assert all(row[-1] == (row[2].day - 1) for row in rows)


@pytest.mark.parametrize("is_busy", [False, True])
@pytest.mark.parametrize(
    ("sql", "is_refused"),
    [
        ("insert into s select * from s where k = 1 and v = 2", True),
        ("update s set dbt_valid_to = dbt_valid_to + interval 2 day where k = 1 and v = 1", True),
        ("update s set dbt_valid_to = null where k = 1 and v = 0", True),
        ("update s set dbt_valid_to = null where k = 1", True),
        # Rows that never held, and gaps.
        ("insert into s select * replace (dbt_valid_from as dbt_valid_to) from s", False),
        ("delete from s where v % 2 = 0", False),
        ("update s set dbt_valid_to = null where v = 4", False),
    ],
)
def test_overlapping_rows_of_a_snapshot(sql, is_refused, is_busy, connection, joined):
    change(connection, sql, is_busy)
    if is_refused:
        with raises(
            "s has more than one row of an entity at one time, for ",
            "Example: k 1, shop x, dbt_valid_from 2024-05-0",
            kind=duckdb.InvalidInputException,
        ):
            joined("as_served")
    else:
        rows = joined("as_served")
        odd = "v % 2" in sql
        assert len(rows) == 15 * (1 + BUSY * is_busy)
        for row in rows:
            day = row[2].day - 1
            assert row[-1] == (None if odd and day % 2 == 0 else day)


def test_python_reports_duplicates_too(history: HistoryStore, store: FeatureStore):
    row = "from features.purchases_v2 where customer_id = 1 and orders_7d = 11"
    history.execute(f"insert into features.purchases_v2 select * {row}")
    try:
        features = store.get_historical_features(labels(), ["purchases"])
        with raises(
            "purchases_v2",
            "has duplicates, more than one row of an entity and feature_time, for ",
            "Example: customer_id 1, feature_time 2017-01-0",
        ):
            features.to_pandas()
    finally:
        history.execute(
            f"delete from features.purchases_v2 where rowid = (select max(rowid) {row})"
        )
