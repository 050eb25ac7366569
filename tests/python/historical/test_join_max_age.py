"""A maximum age, by which a join reads less: labels and rows at each bound, and infinite times."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from feature_store.dbt.macros import Relation
from support.oracles.point_in_time import Joined, point_in_time

BUSY = 40  # labels of one entity, which are looked up in another way than a few
AGE = 2 * 3_600_000_000
START = datetime(2024, 5, 1)
MODES = ["as_recomputed", "as_served"]
LABELS = "k bigint, shop varchar, t timestamptz"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened_connection:
        opened_connection.execute("set timezone = 'America/New_York'")
        opened_connection.execute(f"create table labels ({LABELS})")
        opened_connection.execute(
            "create table f (k bigint, shop varchar, feature_time timestamp, v bigint, "
            "known_at timestamp)"
        )
        opened_connection.execute(
            "create view s as select *, 'id' as dbt_scd_id, feature_time as dbt_updated_at, "
            "feature_time as dbt_valid_from, lead(feature_time) over (partition by k, shop order "
            "by feature_time) as dbt_valid_to from f where feature_time is not null"
        )
        yield opened_connection


@pytest.fixture
def joined(macros, connection) -> Callable[..., list[Any]]:
    """Return a function that joins the table, or its snapshot, and gives the column ``v``."""

    def join(mode: str = "as_recomputed", max_age: str | None = "2h", labels="labels") -> list[Any]:
        name = "f" if mode == "as_recomputed" else "s"
        view = {"features": Relation(name, name), "entity": ["k", "shop"], "max_age": max_age}
        sql = macros.point_in_time_join(labels, [view], time="t", mode=mode)
        return [row[-1] for row in connection.execute(sql).fetchall()]

    return join


def add(connection: duckdb.DuckDBPyConnection, table: str, rows: list[Any]) -> None:
    marks = ", ".join("?" for _ in rows[0])
    connection.executemany(f"insert into {table} values ({marks})", rows)


def at(microseconds: int) -> datetime:
    return START + timedelta(microseconds=microseconds)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("copies", [1, BUSY])
@pytest.mark.parametrize(("beside", "is_seen"), [(-1, False), (0, True), (1, True)])
def test_row_at_the_earliest_label_minus_the_age(mode, copies, beside, is_seen, connection, joined):
    """No label is earlier, so what is older than this is not read at all."""
    add(connection, "f", [(1, "x", at(beside - AGE), 1, None)])
    labels = [(1, "x", at(0).replace(tzinfo=UTC)), (1, "x", at(AGE + 1).replace(tzinfo=UTC))]
    add(connection, "labels", labels * copies)
    assert joined(mode) == [1 if is_seen else None, None] * copies


@pytest.mark.parametrize("mode", MODES)
def test_same_as_its_definition(mode, connection, joined):
    """Entities with few labels and with many, and labels and rows without key or time."""
    chance = random.Random(7)
    keys = [(1, "x"), (1, "y"), (2, "x"), (3, "x"), (None, "x"), (1, None)]
    bounds = [0, AGE, AGE // 2, 2 * AGE, 5 * AGE]
    rows = {
        (*chance.choice(keys), at(chance.choice(bounds) + chance.choice([-1, 0, 1])))
        for _ in range(60)
    }
    table = [(*row, number, None) for number, row in enumerate(sorted(rows, key=str))]
    times = [
        at(bound * chance.choice([1, 2]) + beside) for bound in bounds for beside in (-1, 0, 1)
    ]
    labels = [
        (*chance.choices(keys, [40, 1, 40, 3, 1, 1])[0], chance.choice(times)) for _ in range(300)
    ]
    labels += [(*key, None) for key in keys]
    chance.shuffle(labels)
    add(connection, "f", [*table, (1, "x", None, -1, None)])
    add(connection, "labels", [(k, shop, t and t.replace(tzinfo=UTC)) for k, shop, t in labels])

    names = ("k", "shop", "feature_time", "v", "known_at")
    own: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in table]
    if mode == "as_served":
        for row in own:
            later = [
                o["feature_time"] for o in own if (o["k"], o["shop"]) == (row["k"], row["shop"])
            ]
            later = [time for time in later if time > row["feature_time"]]
            row |= {"dbt_valid_from": row["feature_time"], "dbt_valid_to": min(later, default=None)}
    spine = [dict(zip(("k", "shop", "t"), label, strict=True)) for label in labels]
    view = Joined(own, {"k": "k", "shop": "shop"}, ["v"], max_age=AGE)
    expected = [row["v"] for row in point_in_time(spine, [view], "t", mode)]
    assert joined(mode) == expected
    assert 50 < sum(value is not None for value in expected) < len(expected) - 50


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("copies", [1, BUSY])
def test_infinite_times(mode, copies, connection, joined):
    """At an infinite time every row is too old; one beside it does not change the others."""
    connection.execute(
        "insert into f values (1, 'x', timestamp '2024-05-01', 1, null), "
        "(1, 'x', timestamp '-infinity', 2, null), (1, 'x', timestamp 'infinity', 3, null)"
    )
    times = ["timestamptz 'infinity'", "timestamptz '-infinity'", "'2024-05-01 01:00:00+00'"]
    values = ", ".join(f"(1, 'x', {time})" for time in times * copies)
    connection.execute(f"insert into labels values {values}")
    assert joined(mode, None) == [3, 2, 1] * copies
    assert joined(mode) == [None, None, 1] * copies
    connection.execute("delete from labels where isfinite(t)")
    assert joined(mode) == [None, None] * copies


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("copies", [1, BUSY])
@pytest.mark.parametrize("max_age", ["2h", "146000000w"])
def test_the_first_times_that_there_are(mode, copies, max_age, connection, joined):
    """Where the time minus the age is before every timestamp, all rows are young enough."""
    time = "timestamp '290309-12-22 (BC) 00:00:00'"
    connection.execute(f"insert into f values (1, 'x', {time}, 1, null)")
    connection.execute(
        f"create view first as select 1::bigint as k, 'x' as shop, {time} + "
        f"interval 1 hour as t from range({copies})"
    )
    assert joined(mode, max_age, "first") == [1] * copies


@pytest.mark.parametrize("mode", MODES)
def test_spines_without_rows_or_times(mode, connection, joined):
    add(connection, "f", [(1, "x", START, 1, None)])
    assert joined(mode) == []
    add(connection, "labels", [(1, "x", None)] * BUSY + [(2, "x", None), (None, None, None)])
    assert joined(mode) == [None] * (BUSY + 2)


@pytest.mark.parametrize("copies", [1, BUSY])
def test_duplicates_that_are_too_old_are_allowed(copies, connection, joined):
    add(connection, "f", [(1, "x", START, 1, None)] * 2)
    add(connection, "labels", [(1, "x", at(AGE + 1).replace(tzinfo=UTC))] * copies)
    assert joined() == [None] * copies
    with pytest.raises(duckdb.InvalidInputException, match=f"for {copies} row.s. of the labels"):
        joined(max_age="3h")


@pytest.mark.parametrize("copies", [1, BUSY])
def test_older_rows_are_not_read(copies, macros, connection):
    """In a table in the order of its times, blocks of older rows are skipped."""
    rows = 1_000_000
    connection.execute(
        "create table long as select n % 1000 as k, timestamp '2024-01-01' + to_minutes(n) as "
        f"feature_time, n as v, null::timestamp as known_at from range({rows}) as r(n)"
    )
    last = f"timestamp '2024-01-01' + to_minutes({rows})"
    connection.execute(
        f"create table few as select n as k, {last} as t from range(20) as r(n), range({copies})"
    )

    def scanned(max_age: str) -> int:
        view = {"features": Relation("long", "long"), "entity": ["k"], "max_age": max_age}
        sql = macros.point_in_time_join("few", [view], time="t")
        [(_, plan)] = connection.execute(f"explain (analyze, format json) {sql}").fetchall()
        found = []

        def visit(node: dict[str, Any]) -> None:
            if node["type"] == "TABLE_SCAN" and "long" in str(node["extra_info"]):
                found.append(node["rows_scanned"])
            for child in node.get("children", []):
                visit(child)

        for node in json.loads(plan)["operator"]:
            visit(node)
        assert found
        return sum(found)

    assert scanned("7d") < rows / 2
