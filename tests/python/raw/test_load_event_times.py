"""Interval loads read only the files that may hold a row of the interval."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.projects.raw_project import HEADER, ORDERS, RawProject

pytestmark = [pytest.mark.slow, pytest.mark.unit]

DAY = timedelta(days=1)
FIRST = datetime(2024, 3, 1)


def write(project: RawProject, name: str, *days: float | None, kind: str = "csv") -> None:
    """Write a file with one row a day, counted from FIRST."""
    times = [None if day is None else FIRST + day * DAY for day in days]
    ids = [int((day or 0) * 100) for day in days]
    if kind == "csv":
        lines = [f"{i},1,x,{time or ''}\n" for i, time in zip(ids, times, strict=True)]
        project.write(f"d/{name}.csv", HEADER + "".join(lines))
    elif kind == "jsonl":
        lines = [
            f'{{"id": {i}, "amount": 1, "note": "x", "sold_at": '
            + (f'"{time}"' if time else "null")
            + "}\n"
            for i, time in zip(ids, times, strict=True)
        ]
        project.write(f"d/{name}.jsonl", "".join(lines))
    else:
        table = {"id": ids, "amount": ["1"] * len(ids), "note": ["x"] * len(ids)}
        sold_at = pa.array(times, type=pa.timestamp("us"))
        path = project.write(f"d/{name}.parquet", b"")
        pq.write_table(pa.table(table | {"sold_at": sold_at}), path)


@pytest.fixture
def orders(project: RawProject) -> RawProject:
    """Give a project with four files of a day each, nothing loaded."""
    for day in range(4):
        write(project, f"o{day}", day, day + 0.5)
    project.declare("d/*", event_time="sold_at")
    return project


def day(project: RawProject, number: int) -> int:
    """Load one day; return the number of files that were not read."""
    start = FIRST + number * DAY
    notes = " ".join(project.load(start=start, end=start + DAY).notes)
    if "files not read" not in notes:
        return int("file not read" in notes)
    return int(notes.split(" of ")[0].split()[-1])


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_files_without_a_row_of_the_interval_are_not_read(project: RawProject, kind: str) -> None:
    for number in range(4):
        write(project, f"o{number}", number, number + 0.5, kind=kind)
    project.declare("d/*", event_time="sold_at")
    assert [day(project, number) for number in (1, 2, 3)] == [0, 3, 3]
    assert project.values("id") == [100, 150, 200, 250, 300, 350]


def test_a_whole_load_records_the_times_too(orders: RawProject) -> None:
    orders.load()
    write(orders, "o3", 3, 3.25)
    assert day(orders, 3) == 3


def test_a_file_that_was_rewritten_is_read(orders: RawProject) -> None:
    day(orders, 0)
    write(orders, "o3", 1.75)  # late, and no longer day 3
    assert day(orders, 1) == 2
    assert orders.values("id") == [0, 50, 100, 150, 175]
    assert day(orders, 3) == 4


def test_rows_that_a_file_no_longer_has_are_deleted(orders: RawProject) -> None:
    day(orders, 0)
    day(orders, 1)
    write(orders, "o1", 9)
    day(orders, 3)  # reads the new o1 and notes that it holds day 9
    assert orders.values("id") == [0, 50, 100, 150, 300, 350]
    assert day(orders, 1) == 3
    assert orders.values("id") == [0, 50, 300, 350]


def test_a_file_that_grows_is_read(orders: RawProject) -> None:
    day(orders, 0)
    write(orders, "o0", 0, 0.5, 2.25)
    day(orders, 2)
    assert orders.values("id") == [0, 50, 200, 225, 250]


def test_a_renamed_file_is_known_and_a_deleted_one_keeps_its_rows(orders: RawProject) -> None:
    day(orders, 0)
    (orders.folder / "d/o0.csv").rename(orders.folder / "d/z.csv")
    assert day(orders, 1) == 3
    assert day(orders, 0) == 3
    assert orders.values("id") == [0, 0, 50, 50, 100, 150]
    (orders.folder / "d/z.csv").unlink()
    assert day(orders, 0) == 3


def test_a_changed_event_time_or_type_reads_the_files_again(project: RawProject) -> None:
    columns = {"id": "bigint", "a": "timestamp", "b": "timestamp"}
    project.give("o.csv", "id,a,b\n1,2024-03-01,2024-03-09\n", columns, event_time="a")
    assert [day(project, 3), day(project, 3)] == [0, 1]
    project.declare("o.csv", columns, event_time="b")
    assert day(project, 8) == 0
    assert project.values("id") == [1]


def test_rows_without_a_time_are_still_reported(orders: RawProject) -> None:
    write(orders, "o0", 0, None)
    for _ in range(2):
        notes = orders.load(start=FIRST + 2 * DAY, end=FIRST + 3 * DAY).notes
        assert any(note.startswith("1 row without sold_at") for note in notes)


def test_a_malformed_row_without_a_time_belongs_to_every_interval(orders: RawProject) -> None:
    orders.write("d/o0.csv", HEADER + "1,1,x,2024-03-01\n2,1,x,yesterday\n")
    for number in (1, 2, 1):
        start = FIRST + number * DAY
        assert orders.load(start=start, end=start + DAY, quarantine=True).rejected == 1
    assert "o0.csv, line 3" in str(orders.fail(start=FIRST + 2 * DAY, end=FIRST + 3 * DAY))


def test_rejected_rows_of_an_earlier_content_are_deleted(orders: RawProject) -> None:
    orders.write("d/o0.csv", HEADER + "x,1,x,2024-03-01\n")
    request = {"start": FIRST, "end": FIRST + DAY, "quarantine": True}
    assert orders.load(**request).rejected == 1
    write(orders, "o0", 5)
    day(orders, 2)
    orders.load(**request)
    assert orders.rows(table="raw_rejects") == []


@pytest.mark.parametrize("statement", ["drop table raw.orders", "delete from raw.orders"])
def test_a_raw_table_that_was_dropped_or_emptied_is_filled(
    orders: RawProject, statement: str
) -> None:
    day(orders, 0)
    orders.execute(statement)
    day(orders, 0)
    assert orders.values("id") == [0, 50]


def test_a_new_declared_column_reads_the_files_again(orders: RawProject) -> None:
    day(orders, 0)
    orders.declare("d/*", {**ORDERS, "extra": "varchar"}, event_time="sold_at")
    assert "extra missing" in str(orders.fail(start=FIRST + DAY, end=FIRST + 2 * DAY))


STEPS = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.lists(st.integers(0, 3) | st.none(), min_size=1, max_size=3),
        st.integers(0, 3),
        st.integers(1, 2),
    ),
    min_size=2,
    max_size=4,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_an_interval_always_equals_the_files(tmp_path_factory, steps) -> None:
    """Whatever was written and loaded before, the loaded interval is that of the files."""
    project = RawProject(tmp_path_factory.mktemp("steps"))
    project.declare("d/*", event_time="sold_at")
    content: dict[str, list[int | None]] = {}
    for name, days, first, length in steps:
        write(project, name, *days)
        content[name] = days
        start, end = FIRST + first * DAY, FIRST + (first + length) * DAY
        project.load(start=start, end=end)
        expected = sorted(
            (number * 100, f"d/{label}.csv")
            for label, numbers in content.items()
            for number in numbers
            if number is not None and first <= number < first + length
        )
        where = f"where sold_at >= '{start}' and sold_at < '{end}'"
        assert project.query(f"select id, _source_file from raw.orders {where} order by all") == (
            expected
        )


def test_a_nanosecond_before_the_end_is_in_the_interval(project: RawProject) -> None:
    columns = {"id": "bigint", "sold_at": "timestamp_ns"}
    project.write("d/o.csv", "id,sold_at\n1,2024-03-01 23:59:59.999999999\n")
    project.declare("d/*", columns, event_time="sold_at")
    day(project, 3)
    assert day(project, 0) == 0
    assert project.values("id") == [1]
