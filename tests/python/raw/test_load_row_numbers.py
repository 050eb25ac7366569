"""The identity of a raw row: its file, the sha256 of the file's bytes, its number in the file."""

from __future__ import annotations

from datetime import datetime

import duckdb
import pytest

from support.projects.raw_project import HEADER, RawProject

pytestmark = pytest.mark.unit

NUMBERS = "id, _source_row"


def write_parquet(project: RawProject, name: str, ids: str) -> None:
    """Write a Parquet file of orders with the ids of a query."""
    project.write_parquet(
        name,
        "select id, 1.5 as amount, 'x' as note, timestamp '2017-01-01' + to_days(id::int) "
        f"as sold_at from ({ids})",
        ", row_group_size 2048",
    )


def lose_numbers(project: RawProject) -> None:
    """Make the raw table one of an older version of the loader, which did not number rows."""
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute("alter table raw.orders drop column _source_row")
        connection.execute(
            "update raw.orders set _loaded_at = timestamp '2020-01-01' + to_days(id)"
        )


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("name", "text", "numbers"),
    [
        # Blank lines are no rows; a line break within quotes begins none.
        ("o.csv", HEADER + '8,1,"a\nb",\n\n7,1,,\n9,1,,\n', [(7, 2), (8, 1), (9, 3)]),
        ("o.csv", "id,amount,note,sold_at\r\n8,1,,\r\n7,1,,\n", [(7, 2), (8, 1)]),
        (
            "o.jsonl",
            '{"id": 8, "amount": 1, "note": 0, "sold_at": null}\n\n{"id": 7}\n',
            [(7, 3), (8, 1)],
        ),
    ],
)
def test_rows_are_numbered_as_the_file_has_them(
    project: RawProject, packed: bool, name: str, text: str, numbers: list[tuple[int, int]]
) -> None:
    name += ".gz" if packed else ""
    project.give(name, text)
    project.load()
    assert project.rows(NUMBERS) == numbers


def test_rows_of_parquet_are_numbered_over_its_row_groups(project: RawProject) -> None:
    write_parquet(project, "o.parquet", "select 10000 - i as id from range(10000) as t(i)")
    project.declare("o.parquet", event_time="sold_at")
    project.load()
    wrong = "select count(*), count(*) filter (id + _source_row <> 10001) from raw.orders"
    assert project.query(wrong) == [(10_000, 0)]


def test_a_csv_that_many_threads_read_keeps_its_order(project: RawProject) -> None:
    project.give("o.csv", HEADER + "".join(f"{i},1,{'x' * 40},\n" for i in range(1, 500_001)))
    project.load()
    wrong = "select count(*), count(*) filter (id <> _source_row) from raw.orders"
    assert project.query(wrong) == [(500_000, 0)]


def test_malformed_rows_are_counted(project: RawProject) -> None:
    text = HEADER + '1,1,,\n2,1\n3,one,,\n"4"x,1,,\n5,1,,\n'
    project.give("o.csv", text, null_values=["1", "5"])
    project.load(quarantine=True)
    # The numbers that the loader adds are not taken for the nulls of the file.
    assert project.rows("_source_row, id") == [(1, None), (5, None)]
    assert project.query("select line from raw.raw_rejects order by line") == [(3,), (4,), (5,)]


def test_an_interval_has_the_numbers_of_the_whole_file(project: RawProject) -> None:
    project.write("o.csv", HEADER + "".join(f"{i},1,,2017-01-0{i}\n" for i in (3, 1, 4, 2)))
    project.declare("o.csv", event_time="sold_at")
    project.load(start=datetime(2017, 1, 2), end=datetime(2017, 1, 4))
    assert project.rows(NUMBERS) == [(2, 4), (3, 1)]
    write_parquet(project, "p.parquet", "from (values (3), (1), (4), (2)) as t(id)")
    project.declare("p.parquet", event_time="sold_at", table="others")
    project.load(tables=["others"], start=datetime(2017, 1, 3), end=datetime(2017, 1, 5))
    assert project.rows(NUMBERS, "others") == [(2, 4), (3, 1)]


def test_the_number_belongs_to_the_batch(project: RawProject) -> None:
    """Other bytes with the same rows are the same content: batch and numbers stay together."""
    project.give("o.csv", HEADER + "1,1,,\n2,1,,\n")
    project.load()
    before = project.rows()
    project.write("o.csv", HEADER + "2,1,,\n1,1,,\n")
    assert project.load().skipped == 2
    assert project.rows() == before
    project.write("o.csv", HEADER + "2,1,,\n1,1,,\n3,1,,\n")
    project.load()
    assert project.rows(NUMBERS) == [(1, 2), (2, 1), (3, 3)]


def test_a_table_without_numbers_is_loaded_again_and_keeps_its_load_times(
    project: RawProject,
) -> None:
    project.write("a.csv", HEADER + "2,1,x,\n1,1,x,\n1,1,x,\n")
    project.write("b.csv", HEADER + "3,1,y,\n")
    project.declare("*.csv")
    project.load()
    lose_numbers(project)
    result = project.load()
    assert (result.loaded, result.skipped) == (4, 0)
    note = "2 files loaded again to number the rows (_source_row); the content and "
    assert note + "_loaded_at stay" in result.notes
    day = datetime(2020, 1, 1)
    assert project.rows("id, _source_file, _source_row, _loaded_at") == [
        (1, "a.csv", 2, day.replace(day=2)),
        (1, "a.csv", 3, day.replace(day=2)),
        (2, "a.csv", 1, day.replace(day=3)),
        (3, "b.csv", 1, day.replace(day=4)),
    ]
    before = project.dump()
    assert project.load().skipped == 4
    assert project.dump() == before


def test_an_interval_numbers_its_rows_and_a_whole_load_the_others(project: RawProject) -> None:
    project.give("o.csv", HEADER + "3,1,,2017-01-03\n1,1,,2017-01-01\n", event_time="sold_at")
    project.load()
    lose_numbers(project)
    interval = {"start": datetime(2017, 1, 3), "end": datetime(2017, 1, 4)}
    assert project.load(**interval).loaded == 1
    assert project.rows(NUMBERS) == [(1, None), (3, 1)]
    assert project.load(**interval).skipped == 1
    assert project.load().loaded == 2
    assert project.rows(NUMBERS) == [(1, 2), (3, 1)]
    assert project.load().read == 0


def test_other_content_in_a_table_without_numbers_is_new(project: RawProject) -> None:
    project.give("o.csv", HEADER + "1,1,,\n2,1,,\n")
    project.load()
    lose_numbers(project)
    project.write("o.csv", HEADER + "3,1,,\n1,1,,\n")
    project.load()
    assert project.rows(NUMBERS) == [(1, 2), (3, 1)]
    assert project.query("select count(*) from raw.orders where _loaded_at < '2026-01-01'") == [
        (0,)
    ]
