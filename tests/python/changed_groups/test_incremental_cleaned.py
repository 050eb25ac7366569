"""Incrementally built cleaned tables equal those of a full refresh, after any change of raw."""

from __future__ import annotations

import random
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings

from feature_store.warehouse.connection import connect
from support.projects.cleaned_project import (
    CLEANED,
    CleanedProject,
    cleaned_project,
    cleaned_rows,
    load_time,
)
from support.projects.order_line_batches import Change, apply_changes, batches
from support.servers.dbt_process import KILLED, Kill

pytestmark = pytest.mark.slow

CHECKED = "order_lines_checked"
#: Ten orders of five lines each, of ten customers and five products, one of which is unknown.
LINES = [
    (order, 1 + (order + line) % 5, 1 + order % 10, 1 + line, 1.5 * line, line)
    for order in range(1, 11)
    for line in range(5)
]
#: Enough lines for a run that takes long enough to be killed in the middle of a statement.
MANY_LINES = """
insert into raw.transactions
select
    i % 500, i % 7, i % 5000, i % 4 + 1, i % 3, i % 900 / 100, 0, 0, 0, 23,
    timestamp '2017-05-01' + to_seconds(i), timestamp '2017-06-01', 'many.csv', 'many', i
from range(20000) as t(i)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CleanedProject]:
    """Return a project that was built twice, so that its last run was incremental."""
    with cleaned_project(tmp_path_factory.mktemp("cleaned") / "project") as made:
        reset(made)
        made.build()
        yield made


@pytest.fixture
def project(built: CleanedProject) -> CleanedProject:
    """Return the project with the first lines, built."""
    reset(built)
    built.build()
    return built


def reset(project: CleanedProject) -> None:
    with connect(project.warehouse, read_only=False) as connection:
        connection.execute("delete from raw.transactions; delete from raw.products")
        connection.execute(
            "insert into raw.products (product_id, _loaded_at) "
            "select i, timestamp '2017-06-01' from range(1, 5) as t(i)"
        )
        apply_changes(connection, [("new", LINES)], 1)


def change(project: CleanedProject, *changes: Change, load: int = 2) -> None:
    with connect(project.warehouse, read_only=False) as connection:
        apply_changes(connection, changes, load)


class Replay:
    """Runs the SQL that dbt ran for the incremental model again, without starting dbt."""

    def __init__(self, project: CleanedProject):
        reset(project)
        project.build()
        self.statements = project.dbt.run("run").statements[CHECKED]
        assert any("delete from" in sql for sql in self.statements)
        self.full, self.products = project.full_sql(CHECKED), project.full_sql("products")
        self.connection = duckdb.connect()
        self.connection.execute(
            f"attach '{project.warehouse}' as file (read_only); attach ':memory:' as store; "
            "copy from database file to store; detach file; "
            "use store; set timezone = 'UTC'; set threads = 1"
        )

    def empty(self) -> None:
        """Delete all raw rows and the rows made from them."""
        for table in ("raw.transactions", "raw.products", f"cleaned.{CHECKED}"):
            self.connection.execute(f"delete from {table}")

    def run(self) -> None:
        self.connection.execute(f"create or replace table cleaned.products as {self.products}")
        # Temporary tables belong to a connection, as with dbt.
        with self.connection.cursor() as cursor:
            cursor.execute("use store; set timezone = 'UTC'")
            for sql in self.statements:
                cursor.execute(sql)

    def assert_full(self) -> None:
        """Compare the table with the result of the model's SQL for all raw rows."""
        table = cleaned_rows(self.connection, CHECKED)
        assert table[1:] == self.connection.execute(f"from ({self.full}) order by all").fetchall()


@pytest.fixture(scope="module")
def replay(built: CleanedProject) -> Replay:
    return Replay(built)


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)
@example(runs=[[("new", [(None, 1, 1, 1, 1.5, 0), (1, 1, 1, 1, 1.5, 0)], 0)], [("erase", 1)]])
@example(runs=[[("new", [(1, 1, 1, 1, 1.5, 0)], 0)], [("product", 1)], [("product", 1)]])
@given(runs=batches)
def test_any_changes_end_as_a_full_refresh(replay: Replay, runs: list[list[Change]]):
    replay.empty()
    for number, changes in enumerate(runs, 4):
        apply_changes(replay.connection, changes, number)
        replay.run()
        replay.assert_full()


def test_runs_of_dbt_end_as_a_full_refresh(project: CleanedProject):
    """New lines, copies, corrections, fewer lines, erased customers, new and deleted products."""
    runs: list[list[Change]] = [
        [("new", [(11, 1, 3, 1, 2.0, 1), (3, 4, 3, 1, 2.0, 1)], 0), ("copy", 7)],
        [("correct", 4, 9.75), ("product", 5), ("product", 2)],
        [("replace", 2, 2, [(5, 1, 5, 1, 1.0, 0)]), ("erase", 7)],
        [("rewrite", 3, 0), ("swap", 1, 9), ("new", [(2, 2, 2, 1, 2.0, 1)], 1)],
    ]
    for number, changes in enumerate(runs, 2):
        change(project, *changes, load=number)
        before = project.cleaned(CHECKED)
        project.build()
        assert project.cleaned(CHECKED) != before
    assert project.built() == project.fully_built()
    assert all(len(rows) > 5 for rows in project.built().values())


def test_a_run_without_changes_writes_nothing(project: CleanedProject):
    rows = f"select rowid, * from cleaned.{CHECKED} order by rowid"
    before = project.query(rows)
    project.build()
    assert project.query(rows) == before


def test_orders_that_did_not_change_are_not_written(project: CleanedProject):
    rows = f"select rowid, * from cleaned.{CHECKED} where order_id <> 3 order by rowid"
    before = project.query(rows)
    change(project, ("new", [(3, 1, 3, 1, 2.0, 1)], 0))
    project.build()
    assert project.query(rows) == before
    assert project.query(f"select max(loaded_at) from cleaned.{CHECKED}") == [(load_time(2),)]


def test_an_erased_customer_is_in_no_cleaned_table(project: CleanedProject):
    of_customer = "select count(*) from cleaned.{} where customer_id = 7"
    assert project.query(of_customer.format("order_lines")) != [(0,)]
    project.execute("delete from raw.transactions where household_id = 7")
    project.build()
    for table in CLEANED:
        assert project.query(of_customer.format(table)) == [(0,)]
    assert project.built() == project.fully_built()


def test_all_rows_deleted(project: CleanedProject):
    project.execute("delete from raw.transactions")
    project.build()
    assert [len(rows) for rows in project.built().values()] == [1, 1, 1]


def test_killed_at_any_moment(built: CleanedProject):
    """Within dbt's statements and between them; the next run ends as a full refresh."""
    chance, selected = random.Random(5), ["--select", "products", CHECKED]
    reset(built)
    built.execute(MANY_LINES)
    built.build(*selected)
    full, table = built.full_sql(CHECKED), f"from cleaned.{CHECKED}"
    change(built, ("copy", 0))
    moments = built.dbt.run("run", *selected).events[CHECKED]
    outcomes = []
    for number in range(6):
        before = built.content(table)
        # Every other time many lines are deleted and loaded again.
        change(built, ("product", 3), ("erase", number % 4))
        if number % 2:
            built.execute("delete from raw.transactions where _source_file = 'many.csv'")
            built.execute(MANY_LINES)
        kill = Kill(CHECKED, chance.randint(1, moments), chance.choice([0, 0, 0.003, 0.03]))
        ended = built.dbt.run("run", *selected, kill=kill)
        after = built.content(table)
        built.build(*selected)
        expected = built.content(full)
        assert built.content(table) == expected
        # The killed run did nothing, or everything.
        outcomes.append((ended.code, {before: "nothing", expected: "all"}[after]))
    assert outcomes.count((KILLED, "nothing")) >= 3
