"""New rows have a later ``_loaded_at`` than every row that was loaded before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from feature_store.raw.files import resolve_files
from feature_store.raw.load_request import LoadRequest
from feature_store.raw.sources import read_declarations
from feature_store.raw.table_load import TableLoad
from feature_store.warehouse import connection as warehouse
from support.projects.raw_project import HEADER, RawProject

pytestmark = pytest.mark.unit

TICK = timedelta(microseconds=1)
LATER = datetime(2100, 1, 1)


@pytest.fixture
def orders(project: RawProject) -> RawProject:
    """Give a project of two files, loaded."""
    project.write("o1.csv", HEADER + "1,1,,2017-01-01\n2,1,,2017-01-02\n")
    project.write("o2.csv", HEADER + "3,1,,2017-01-03\n")
    project.declare("o*.csv", event_time="sold_at")
    project.load()
    return project


def load_at(project: RawProject, clock: datetime) -> None:
    """Load all tables as the loader does at a time of the clock."""
    connection = warehouse.connect(project.warehouse, read_only=False)
    for table in read_declarations(project.folder):
        work = TableLoad(connection, table, LoadRequest(), clock)
        work.check_declaration()
        connection.begin()
        work.run(resolve_files(table, project.folder), lambda table, file: None)
        connection.commit()
    connection.close()


def test_one_load_has_one_time_of_the_clock(project: RawProject) -> None:
    before = datetime.now(UTC).replace(tzinfo=None)
    project.write("o1.csv", HEADER + "1,1,,\n")
    project.write("o2.csv", HEADER + "2,1,,\n")
    project.declare("o*.csv")
    project.load()
    after = datetime.now(UTC).replace(tzinfo=None)
    ((time,),) = project.query("select distinct _loaded_at from raw.orders")
    assert before <= time <= after


@pytest.mark.parametrize("behind", [timedelta(0), TICK, timedelta(days=400)])
def test_a_clock_that_is_not_ahead_of_the_table(orders: RawProject, behind: timedelta) -> None:
    """Two loads in one microsecond, and clocks that were set back."""
    ((seen,),) = orders.query("select max(_loaded_at) from raw.orders")
    orders.write("o2.csv", HEADER + "3,2,,2017-01-03\n4,2,,2017-01-03\n")
    load_at(orders, seen - behind)
    assert orders.rows("id, _loaded_at") == [
        (1, seen),
        (2, seen),
        (3, seen + TICK),
        (4, seen + TICK),
    ]


def test_each_interval_comes_after_the_one_before(orders: RawProject) -> None:
    orders.execute("update raw.orders set _loaded_at = ?", [LATER])
    for day, amount in ((2, "2"), (1, "3")):
        lines = "".join(f"{i},{amount},,2017-01-0{i}\n" for i in (1, 2))
        orders.write("o1.csv", HEADER + lines)
        start = datetime(2017, 1, day)
        orders.load(start=start, end=start + timedelta(days=1))
    assert orders.rows("id, _loaded_at") == [(1, LATER + 2 * TICK), (2, LATER + TICK), (3, LATER)]


def test_what_is_loaded_already_keeps_its_time(orders: RawProject) -> None:
    before = orders.rows("id, _loaded_at")
    load_at(orders, LATER)
    assert orders.rows("id, _loaded_at") == before


def test_malformed_rows_have_the_time_of_their_load(orders: RawProject) -> None:
    orders.execute("update raw.orders set _loaded_at = ?", [LATER])
    orders.write("o2.csv", HEADER + "3,one,,2017-01-03\n")
    orders.load(quarantine=True)
    assert orders.query("select _loaded_at from raw.raw_rejects") == [(LATER + TICK,)]
