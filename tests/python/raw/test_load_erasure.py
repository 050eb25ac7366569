"""Rows deleted by hand from the raw table: loaded again unless the file lacks them too."""

from __future__ import annotations

import pytest

from support.projects.raw_project import HEADER, RawProject

pytestmark = pytest.mark.unit

LINES = ["1,1,,2017-01-01\n", "2,1,,2017-01-02\n", "3,bad,,2017-01-02\n"]


@pytest.fixture
def orders(project: RawProject) -> RawProject:
    """Give a project with two good rows and a malformed one, loaded."""
    project.give("o.csv", HEADER + "".join(LINES), event_time="sold_at")
    project.load(quarantine=True)
    return project


def erase(orders: RawProject) -> None:
    orders.execute("delete from raw.orders where id = 2")


def test_rows_that_the_file_has_are_loaded_again(orders: RawProject) -> None:
    before = orders.rows("id, amount, note, sold_at")
    erase(orders)
    assert orders.load(quarantine=True).loaded == 2
    assert orders.rows("id, amount, note, sold_at") == before


def test_a_file_without_them_changes_no_other_row(orders: RawProject) -> None:
    """The other rows keep their load times, and malformed rows follow the file."""
    erase(orders)
    before = orders.rows()
    orders.write("o.csv", HEADER + LINES[0])
    result = orders.load(quarantine=True)
    assert (result.loaded, result.skipped, result.rejected) == (0, 1, 0)
    assert orders.rows() == before
    assert orders.query("select * from raw.raw_rejects") == []
    again = orders.load(quarantine=True)
    assert again.notes == ["file skipped: the same content is loaded already"]
    assert orders.rows() == before
