"""Interval loads replace exactly start <= event time < end."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from support.projects.raw_project import HEADER, RawProject

pytestmark = pytest.mark.unit

DAY = timedelta(days=1)
START, END = datetime(2017, 1, 2), datetime(2017, 1, 3)
TICK = timedelta(microseconds=1)
TIMES = [START - TICK, START, START + DAY / 2, END - TICK, END]


def rows_at(times: list[datetime | None], note: str = "x") -> str:
    """Return a CSV with one row a time, numbered from 0."""
    return HEADER + "".join(f"{i},1,{note},{t or ''}\n" for i, t in enumerate(times))


@pytest.fixture
def orders(project: RawProject) -> RawProject:
    """Give a project with rows at and around the bounds of an interval, nothing loaded."""
    project.give("o.csv", rows_at(TIMES), event_time="sold_at")
    return project


def test_the_start_is_in_and_the_end_is_not(orders: RawProject) -> None:
    result = orders.load(start=START, end=END)
    assert (result.read, result.loaded) == (3, 3)
    assert orders.values("sold_at") == [START, START + DAY / 2, END - TICK]


@pytest.mark.parametrize(
    ("bounds", "ids"),
    [({"start": END}, [4]), ({"end": START}, [0]), ({"start": START}, [1, 2, 3, 4])],
)
def test_one_bound_alone_leaves_the_other_side_open(
    orders: RawProject, bounds: dict[str, datetime], ids: list[int]
) -> None:
    orders.load(**bounds)
    assert orders.values("id") == ids


def test_an_interval_is_replaced_and_nothing_else(orders: RawProject) -> None:
    orders.load()
    orders.write("o.csv", rows_at(TIMES, "late"))
    assert orders.load(start=START, end=END).loaded == 3
    assert orders.values("note") == ["x", "late", "late", "late", "x"]
    batches = orders.query("select note, count(distinct _batch_id) from raw.orders group by all")
    assert sorted(batches) == [("late", 1), ("x", 1)]


@pytest.mark.parametrize(("kept", "left"), [([0, 1, 4], [1]), ([0, 4], [])])
def test_an_interval_with_fewer_rows_loses_the_others(
    orders: RawProject, kept: list[int], left: list[int]
) -> None:
    orders.load()
    lines = rows_at(TIMES).splitlines(keepends=True)
    orders.write("o.csv", lines[0] + "".join(lines[i + 1] for i in kept))
    orders.load(start=START, end=END)
    assert orders.values("id") == [0, *left, 4]


def test_the_same_interval_again_is_skipped(orders: RawProject) -> None:
    orders.load(start=START, end=END)
    before = orders.dump()
    again = orders.load(start=START, end=END)
    assert (again.loaded, again.skipped) == (0, 3)
    assert again.notes == ["file skipped: the same interval is loaded already"]
    assert orders.dump() == before


def test_after_a_whole_load_an_interval_of_the_same_file_is_not_even_read(
    orders: RawProject,
) -> None:
    orders.load()
    before = orders.dump()
    again = orders.load(start=START, end=END)
    assert (again.read, again.loaded, again.skipped) == (0, 0, 3)
    assert orders.dump() == before


def test_day_by_day_gives_what_one_load_gives(orders: RawProject) -> None:
    for day in range(4):
        orders.load(start=START + (day - 1) * DAY, end=START + day * DAY)
    before = orders.rows()
    assert [row[0] for row in before] == [0, 1, 2, 3, 4]
    whole = orders.load()
    assert (whole.read, whole.loaded, whole.skipped) == (5, 0, 5)
    assert orders.rows() == before
    assert orders.load().read == 0


def test_an_earlier_file_is_loaded_again_after_an_interval_load(orders: RawProject) -> None:
    orders.load()
    orders.write("o.csv", rows_at(TIMES, "other"))
    orders.load(start=START, end=END)
    orders.write("o.csv", rows_at(TIMES))
    assert orders.load().loaded == 5
    assert orders.values("note") == ["x"] * 5


def test_rows_without_event_time_belong_to_whole_loads(orders: RawProject) -> None:
    orders.write("o.csv", rows_at([None, START]))
    result = orders.load(start=START, end=END)
    assert orders.values("id") == [1]
    assert any("1 row without sold_at" in note for note in result.notes)
    orders.load()
    assert orders.values("id") == [0, 1]
    orders.write("o.csv", rows_at([None, START], "new"))
    orders.load(start=START, end=END)
    assert orders.values("note") == ["x", "new"]


def test_a_table_without_event_time_is_loaded_whole(orders: RawProject) -> None:
    orders.declare("o.csv")
    result = orders.load(start=START, end=END)
    assert result.loaded == 5
    assert "has no event time: loaded whole, whatever the interval" in result.notes


def test_rows_of_a_removed_file_stay_in_their_interval(orders: RawProject) -> None:
    orders.declare("*.csv", event_time="sold_at")
    orders.write("p.csv", rows_at([START], "p"))
    orders.load()
    (orders.folder / "p.csv").unlink()
    orders.write("o.csv", rows_at([]))
    result = orders.load(start=START, end=END)
    assert orders.query("select note, count(*) from raw.orders group by all order by all") == [
        ("p", 1),
        ("x", 2),
    ]
    assert "p.csv no longer exists: its rows stay" in result.notes


def test_a_bad_value_outside_the_interval_does_not_matter(orders: RawProject) -> None:
    text = f"1,1,x,{START}\n2,many,x,{END}\n"
    orders.write("o.csv", HEADER + text)
    assert orders.load(start=START, end=END).loaded == 1
    assert "line 3, column amount" in str(orders.fail(start=END))
    orders.write("o.csv", HEADER + text + "3,1,x,yesterday\n")
    assert "line 4, column sold_at" in str(orders.fail(start=START, end=END))


def test_rejected_rows_are_replaced_with_their_interval(orders: RawProject) -> None:
    orders.write("o.csv", HEADER + f"1,bad,x,{START}\n2,bad,x,{END}\n3,1,x\n4,1,x,{START}\n")
    whole = orders.load(quarantine=True)
    assert (whole.loaded, whole.rejected) == (1, 3)
    lines = "select line from raw.raw_rejects order by line"
    before = orders.dump()
    orders.load(start=START, end=END, quarantine=True)
    assert orders.dump() == before
    orders.write("o.csv", HEADER + f"1,7,x,{START}\n2,bad,x,{END}\n3,1,x\n4,1,x,{START}\n")
    orders.load(start=START, end=END, quarantine=True)
    assert orders.values("id") == [1, 4]
    assert orders.query(lines) == [(3,), (4,)]
    orders.write("o.csv", HEADER + f"1,7,x,{START}\n2,8,x,{END}\n4,1,x,{START}\n")
    orders.load()
    assert orders.query(lines) == []


def test_rejected_rows_come_back_with_the_file_that_had_them(orders: RawProject) -> None:
    texts = [HEADER + f"1,{bad},x,{START}\n2,1,x,{START}\n" for bad in ("bad", "worse")]
    orders.write("o.csv", texts[0])
    orders.load(quarantine=True)
    orders.write("o.csv", texts[1])
    orders.load(start=START, end=END, quarantine=True)
    orders.write("o.csv", texts[0])
    orders.load(quarantine=True)
    assert orders.query("select row_text[:5] from raw.raw_rejects") == [("1,bad",)]


def test_bounds_apply_to_dates_and_to_times_with_zone(project: RawProject) -> None:
    project.write("o.csv", "id,sold_at\n1,2017-01-02\n2,2017-01-03\n")
    project.declare("o.csv", {"id": "bigint", "sold_at": "date"}, event_time="sold_at")
    project.load(start=START, end=END)
    assert project.values("id") == [1]
    project.write("z.csv", "id,sold_at\n1,2017-01-02T01:00+02:00\n2,2017-01-03T01:00+02:00\n")
    columns = {"id": "bigint", "sold_at": "timestamptz"}
    project.declare("z.csv", columns, event_time="sold_at", table="zoned")
    project.load(start=START, end=END, tables=["zoned"])
    assert project.rows("id", "zoned") == [(2,)]
