"""Windows as ranges of positions: on many events, with any threads and little memory.

That the values are right on few events, test_windowed_features.py shows for both plans.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from support.paths import REPOSITORY
from support.projects.compiled_project import Warehouse
from support.projects.feature_view_declarations import DECLARATIONS, EVENT_COLUMNS
from support.projects.large_event_batches import load_batch

pytestmark = pytest.mark.slow

#: Views without sums of doubles, whose last digits depend on the order of the events.
VIEWS = {
    name: DECLARATIONS[name]
    for name in ("counts", "filtered_empties", "by_six_hours", "own_windows", "composite_key")
}
EVENTS = 60_000
CUSTOMERS = 300


@pytest.fixture(scope="module")
def positions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Return a warehouse with many events, and the views compiled by positions."""
    folder = tmp_path_factory.mktemp("positions")
    warehouse = Warehouse(folder / "project", VIEWS, EVENT_COLUMNS)
    assert all("_position" in warehouse.sql[name] for name in VIEWS)
    load_batch(warehouse.connection, 0, EVENTS, CUSTOMERS)
    warehouse.connection.execute("insert into events from raw_events")
    yield warehouse
    warehouse.connection.close()


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory, positions: Warehouse) -> Warehouse:
    """Return the tables of the same views by frames, built beside the events."""
    warehouse = Warehouse(tmp_path_factory.mktemp("frames") / "project", VIEWS)
    for name, sql in warehouse.sql.items():
        if name in VIEWS:
            assert "_position" not in sql
            sql = sql.replace('"memory"."main"."events"', "events")
            positions.connection.execute(f"create table by_frames_{name} as {sql}")
    return warehouse


def differing(connection: duckdb.DuckDBPyConnection, sql: str, table: str) -> tuple[int, int]:
    """Return the number of rows of a query, and of those that a table has not, or more of them."""
    connection.execute(f"create or replace table got as {sql}")
    both = f"(from got except all from {table}) union all (from {table} except all from got)"
    [counts] = connection.execute(
        f"select (select count(*) from got), (select count(*) from ({both}))"
    ).fetchall()
    return counts


@pytest.mark.parametrize(
    ("threads", "memory"), [(1, "200MB"), (2, "200MB"), (8, "500MB"), (8, "4GB")]
)
@pytest.mark.parametrize("name", VIEWS)
def test_both_plans_give_the_same_rows(
    name: str, threads: int, memory: str, positions: Warehouse, frames: Warehouse
):
    connection = positions.connection
    before = connection.execute(
        "select current_setting('threads'), current_setting('memory_limit')"
    ).fetchone()
    assert before
    connection.execute(f"set threads = {threads}; set memory_limit = '{memory}'")
    try:
        rows, wrong = differing(connection, positions.sql[name], f"by_frames_{name}")
    finally:
        connection.execute(f"set threads = {before[0]}; set memory_limit = '{before[1]}'")
    assert rows > 10_000
    assert wrong == 0


def operators(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return the operators of a query plan."""
    yield plan
    for child in plan.get("children", []):
        yield from operators(child)


@pytest.mark.parametrize("name", ["counts"])
def test_totals_are_streams_and_positions_are_looked_up(name: str, positions: Warehouse):
    """A window that is no stream would ignore the order; a join the other way takes memory."""
    sql = positions.sql[name]
    [[_, text]] = positions.connection.execute(f"explain (format json) {sql}").fetchall()
    found = [operator for plan in json.loads(text) for operator in operators(plan)]
    names = [operator["name"].strip() for operator in found]
    assert names.count("STREAMING_WINDOW") >= 3
    unordered = [
        operator
        for operator in found
        if operator["name"].strip() == "WINDOW"
        and "PARTITION BY" not in str(operator["extra_info"])
    ]
    assert unordered == []
    lookups = [
        operator["extra_info"]
        for operator in found
        if operator["name"].strip() == "HASH_JOIN" and "_position" in str(operator["extra_info"])
    ]
    assert len(lookups) == sql.count("left join looked_up as")
    # No inner join, for whose sides DuckDB's expectations of the rows are too far off.
    assert {lookup["Join Type"] for lookup in lookups} <= {"LEFT", "RIGHT"}


@pytest.mark.parametrize("which", ["sorted_grains", "sorted_changes"])
def test_rows_in_another_order_are_an_error(which: str, positions: Warehouse):
    """The totals rely on the order of a subquery: without it the query must fail, not lie."""
    sql = positions.sql["composite_key"]
    begin = sql.index("order by", sql.index(f"{which} as ("))
    end = sql.index("\n\n)", begin)
    unordered = sql[:begin] + "order by hash(_grain)" + sql[end:]
    with pytest.raises(duckdb.Error, match="came in another order"):
        positions.connection.execute(f"create or replace table got as {unordered}")


def test_compiled_sql_is_readable(positions: Warehouse, frames: Warehouse, tmp_path: Path):
    """Both plans pass the linter with the rules that ``make test`` has for generated SQL."""
    excluded = re.search(r"NOT_IN_COMPILED := (\S+)", (REPOSITORY / "Makefile").read_text())
    assert excluded
    for plan, warehouse in (("positions", positions), ("frames", frames)):
        for name in ("by_six_hours", "own_windows", "composite_key"):  # names are not too long
            # sqlfluff 4.4 reads the `rows` of a frame without an order as the name of a window.
            sql = warehouse.sql[name].replace(
                " over (\n                rows", " over (\n                order by 1 rows"
            )
            sql = sql.replace(" over (\n            rows", " over (\n            order by 1 rows")
            (tmp_path / f"{name}_{plan}.sql").write_text(sql)
    command = [sys.executable, "-m", "sqlfluff", "lint", "--config", str(REPOSITORY / ".sqlfluff")]
    # An aggregate may name the events; where none does, their alias is not used.
    rules = f"{excluded[1]},aliasing.unused"
    options = ["--templater", "raw", "--exclude-rules", rules, str(tmp_path)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
