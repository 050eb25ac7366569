"""The SQL of ``point_in_time_join`` against the oracle, on made-up spines, tables and snapshots.

Each join is compiled by dbt itself; DuckDB runs the SQL on the rows that hypothesis makes.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feature_store.dbt.macros import ProjectMacros, Relation
from feature_store.registry.definitions import FeatureDefinitions
from support.oracles.point_in_time import point_in_time
from support.oracles.sql_aggregates import matches
from support.oracles.windowed_features import View, microseconds, timestamp
from support.paths import REPOSITORY
from support.projects.compiled_project import compiled, write_project
from support.projects.feature_view_declarations import MIXED, view
from support.projects.feature_view_events import PROFILE, event, write_events
from support.projects.point_in_time_cases import (
    CASES,
    HOUR,
    MODES,
    SPINE,
    VIEWS,
    Rows,
    spine_row,
    worlds,
    write_world,
)

pytestmark = pytest.mark.slow

#: Views of real feature SQL: by day and by hour, the windows of the hourly one beside the grain.
WINDOWED = {
    "daily": view(["1d", "7d", "lifetime"], MIXED),
    "hourly": view(["1h", "24h"], MIXED, grain="1h"),
}
_JOIN_WINDOWED = (
    "{{{{ point_in_time_join(ref('labels'), "
    "[{{'features': ref('{}'), 'entity': ['customer_id']}}]) }}}}"
)


@dataclass(frozen=True)
class Joins:
    """Compiled joins, and the in-memory DuckDB in which they run."""

    folder: Path
    sql: dict[str, str]
    connection: duckdb.DuckDBPyConnection

    def rows(self, name: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        cursor = self.connection.execute(self.sql[name])
        return [column[0] for column in cursor.description], cursor.fetchall()


@pytest.fixture(scope="module")
def joins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joins]:
    folder = tmp_path_factory.mktemp("joins") / "project"
    models = {f"{name}_{mode}": case.jinja(mode) for name, case in CASES.items() for mode in MODES}
    tables = ["labels", *VIEWS, *(f"served_{name}" for name in VIEWS)]
    models |= dict.fromkeys(tables, "select 1 as customer_id")
    models |= dict.fromkeys(WINDOWED, "{{ windowed_features(ref('events'), feature_view()) }}")
    models |= {f"of_{name}": _JOIN_WINDOWED.format(name) for name in WINDOWED}
    write_project(folder, models, {name: {"feature_view": d} for name, d in WINDOWED.items()})
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        yield Joins(folder, compiled(folder), connection)


def engine(joins: Joins, threads: int, is_sorted: bool) -> None:
    """Choose threads, and whether ASOF joins sort or, as DuckDB does for small spines, loop."""
    joins.connection.execute(f"set threads = {threads}")
    joins.connection.execute(f"set asof_loop_join_threshold = {0 if is_sorted else 64}")


def typed(rows: Rows, columns: list[str]) -> list[tuple[Any, ...]]:
    """Return expected rows as DuckDB gives them."""
    return [
        tuple(Decimal(row[name]) if is_money(name, row[name]) else row[name] for name in columns)
        for row in rows
    ]


def is_money(name: str, value: Any) -> bool:
    """Return whether a value is of the one column of decimals."""
    return name.endswith("spend") and value is not None


@pytest.mark.parametrize("mode", MODES)
@given(data=st.data())
@settings(PROFILE, max_examples=25)
def test_join_equals_its_definition(mode: str, joins: Joins, data: st.DataObject):
    spine, views = data.draw(worlds(mode))
    write_world(joins.connection, mode, spine, views)
    engine(joins, *data.draw(st.sampled_from([(1, True), (2, True), (1, False), (2, False)])))
    for name, case in CASES.items():
        joined = [view.joined(views) for view in case.views]
        expected = point_in_time(spine, joined, case.time, mode)
        columns, rows = joins.rows(f"{name}_{mode}")
        names = [view.prefix + feature for view in joined for feature in view.select]
        assert columns == [*SPINE, *names]
        assert rows == typed(expected, columns), name


@pytest.mark.parametrize("is_sorted", [True, False])
def test_bounds_in_time(is_sorted: bool, joins: Joins):
    """A label 1 µs before, at and after a row's time, its end and its greatest age."""
    row = {"customer_id": 1, "feature_time": datetime(2017, 1, 1), "spend": 1, "word": "a"}
    row["known_at"] = datetime(2026, 1, 1)
    start = microseconds(datetime(2017, 1, 1, 6))
    held = {"dbt_valid_from": timestamp(start), "dbt_valid_to": timestamp(start + 10 * HOUR)}
    held |= {"dbt_scd_id": "a", "dbt_updated_at": None}
    zero = microseconds(row["feature_time"])
    engine(joins, 1, is_sorted)

    def seen(case: str, mode: str, at: int) -> list[bool]:
        times = [timestamp(at + beside) for beside in (-1, 0, 1)]
        spine = [spine_row(customer_id=1, label_time=time) for time in times]
        views: dict[str, Rows] = {"affinity": [], "shelves": [], "purchases": [{**row, **held}]}
        write_world(joins.connection, mode, spine, views)
        columns, rows = joins.rows(f"{case}_{mode}")
        return [row[columns.index("word")] == "a" for row in rows]

    assert seen("one_view", "as_recomputed", zero) == [False, True, True]
    assert seen("aged", "as_recomputed", zero + 2 * HOUR) == [True, True, False]
    assert seen("one_view", "as_served", start) == [False, True, True]
    assert seen("one_view", "as_served", start + 10 * HOUR) == [True, False, False]
    # The age counts from the feature time, not from when it was served.
    assert seen("times_too", "as_served", start) == [False, True, True]
    assert seen("aged", "as_served", start) == [False, False, False]


def test_composite_keys_stay_apart(joins: Joins):
    """(1, 23) is not (12, 3), ('a', 'b|c') not ('a|b', 'c'), and null not null or empty."""
    time = {"feature_time": datetime(2017, 1, 1), "known_at": datetime(2017, 1, 1)}
    keys = [(1, 23), (12, 3), (123, None), (None, 123), (None, None)]
    texts = [("a", "b|c"), ("a|b", "c"), ("", ""), ("", None), (None, "")]
    views: dict[str, Rows] = {"purchases": []}
    views["affinity"] = [
        {"customer_id": a, "store_id": b, "orders": n, "share": None, **time}
        for n, (a, b) in enumerate(keys)
    ]
    views["shelves"] = [
        {"shop": a, "shelf": b, "pieces": n, "is_full": None, **time}
        for n, (a, b) in enumerate(texts)
    ]
    spine = [
        spine_row(customer_id=a, store_id=b, shop=c, shelf=d, label_time=datetime(2017, 1, 2))
        for (a, b), (c, d) in zip(keys, texts, strict=True)
    ]
    write_world(joins.connection, "as_recomputed", spine, views)
    columns, rows = joins.rows("several_as_recomputed")
    got = [tuple(row[columns.index(name)] for name in ("orders", "pieces")) for row in rows]
    assert got == [(0, 0), (1, 1), (None, 2), (None, None), (None, None)]


@pytest.mark.parametrize("threads", [1, 2])
def test_order_of_many_rows(threads: int, joins: Joins):
    """More rows than DuckDB handles in one piece stay where they are, with their features."""
    write_world(joins.connection, "as_recomputed", [], {name: [] for name in VIEWS})
    # customer_id goes to and fro; each has a row every hour whose word tells whose it is, and when.
    joins.connection.execute(
        "insert into labels (customer_id, note, label_time) select (n * 7919) % 1000, n, "
        "timestamp '2017-01-01' + to_minutes((n * 104729) % 6000) from range(300000) as r(n)"
    )
    joins.connection.execute(
        "insert into purchases select c, timestamp '2017-01-01' + to_hours(h), 1, "
        "c || ' ' || h, null from range(1000) as r(c), range(100) as s(h)"
    )
    engine(joins, threads, True)
    wrong = joins.connection.execute(
        "select count(*), max(place) from (select *, row_number() over () - 1 as place from "
        f"({joins.sql['several_as_recomputed']})) where cast(note as bigint) <> place "
        "or word is distinct from customer_id || ' ' || epoch_us(label_time - timestamp "
        f"'2017-01-01') // {HOUR}"
    ).fetchall()
    count = joins.connection.execute(
        f"select count(*) from ({joins.sql['several_as_recomputed']})"
    ).fetchall()
    assert (wrong, count) == ([(0, None)], [(300_000,)])


@pytest.mark.parametrize("name", WINDOWED)
def test_events_at_every_bound_of_a_window(name: str, joins: Joins):
    """From events over the feature table to the label: each window's bounds, 1 µs to each side."""
    declared = View(WINDOWED[name])
    chance = random.Random(5)
    origin = microseconds(datetime(2017, 3, 12))
    offsets = [0, 1, -1, declared.grain // 3, -7 * declared.grain]
    events = [
        event(
            line,
            timestamp(origin + offset),
            customer_id=1 + line // 2,
            order_id=chance.randrange(3),
            amount=Decimal(chance.randrange(100)),
            price=chance.uniform(0, 1),
            word=chance.choice("ab"),
        )
        for line, offset in enumerate([*offsets, *offsets])
    ]
    spans = [0, declared.grain, *(w for w in declared.windows if w)]
    spans += [span + declared.grain for span in spans]
    spine = [
        spine_row(customer_id=customer, label_time=at + timedelta(microseconds=span + beside))
        for customer in range(7)
        for at in sorted({event["ordered_at"] for event in events})
        for span in (*spans, *(-span for span in spans))
        for beside in (-1, 0, 1)
    ]
    write_events(joins.connection, events)
    joins.connection.execute(f"create or replace table {name} as {joins.sql[name]}")
    write_world(joins.connection, "as_recomputed", spine, {})
    engine(joins, 2, True)
    columns, rows = joins.rows(f"of_{name}")
    assert columns == [*SPINE, *declared.features]
    histories = declared.histories(events)
    found = 0
    for label, row in zip(spine, rows, strict=True):
        history = histories.get((label["customer_id"],))
        # The latest row must say what a row at every T would say.
        time = microseconds(label["label_time"]) // declared.grain * declared.grain
        is_known = history is not None and history.feature_times()[0] <= time
        expected = history.features(time) if is_known else dict.fromkeys(declared.features)
        assert row[: len(SPINE)] == tuple(label.values())
        for feature, value in zip(declared.features, row[len(SPINE) :], strict=True):
            assert matches(expected[feature], value), (label, feature, expected[feature], value)
        found += is_known
    assert 100 < found < len(spine) - 100


def test_compiled_sql_is_readable(joins: Joins, tmp_path: Path):
    """It passes the linter with the rules that ``make test`` has for generated SQL."""
    excluded = re.search(r"NOT_IN_COMPILED := (\S+)", (REPOSITORY / "Makefile").read_text())
    assert excluded
    # Where all features are taken the linter takes what exclude() names for columns of both tables.
    of_all = "references.qualification,references.special_chars"
    for rules, names in {
        excluded[1]: ["selected", "times_too"],
        f"{excluded[1]},{of_all}": ["aged_each", "prefixed"],
    }.items():
        files = [tmp_path / f"{name}_{mode}.sql" for name in names for mode in MODES]
        for file in files:
            file.write_text(joins.sql[file.stem])
        done = subprocess.run(
            [
                *(sys.executable, "-m", "sqlfluff", "lint"),
                *("--config", str(REPOSITORY / ".sqlfluff")),
                *("--templater", "raw", "--exclude-rules", rules, *map(str, files)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    for mode in MODES:
        assert joins.sql[f"twice_{mode}"].startswith(
            f"-- Made by point_in_time_join(), {mode}: features as of label_time.\n"
        )


def test_entities_with_the_same_joined_text(definitions: FeatureDefinitions):
    """``a_b`` and ``c`` are another entity than ``a`` and ``b_c``, and than ``a_b, c``."""
    sql = ProjectMacros(definitions.manifest).point_in_time_join(
        Relation("spine", "spine"),
        [
            {"features": Relation(name, name), "entity": entity, "select": [name[0]]}
            for name, entity in (
                ("ps", {"x": "a_b", "y": "c"}),
                ("qs", {"x": "a", "y": "b_c"}),
                ("rs", {"x": "a_b, c"}),
            )
        ],
    )
    with duckdb.connect() as connection:
        connection.execute(
            'create table spine as select 1 as a_b, 2 as c, 3 as a, 4 as b_c, 5 as "a_b, c", '
            "timestamp '2017-01-02' as label_time"
        )
        for name, x, y, value in (("ps", 1, 2, "p"), ("qs", 3, 4, "q"), ("rs", 5, 0, "r")):
            connection.execute(
                f"create table {name} as select {x} as x, {y} as y, "
                f"timestamp '2017-01-01' as feature_time, '{value}' as {name[0]}"
            )
        assert connection.execute(sql).fetchall()[0][-3:] == ("p", "q", "r")
