"""New columns in files, and changed declarations of columns."""

from __future__ import annotations

import pytest

from support.projects.raw_project import HEADER, RawProject

pytestmark = pytest.mark.unit


def test_an_error_in_the_second_file_undoes_the_first(orders: RawProject) -> None:
    orders.declare("*.csv")
    orders.write("a.csv", HEADER + "7,1,new,\n")
    orders.write("b.csv", "more," + HEADER + "new,x,1,bad,\n")
    assert "b.csv, line 2, column id" in str(orders.fail())
    orders.write("b.csv", "more," + HEADER + "new,8,1,good,\n")
    result = orders.load()
    assert result.loaded == 2
    note = "b.csv: new column more (varchar): loaded, and not declared; declare them in "
    assert note + "models/x/_sources.yml" in result.notes
    assert orders.values("more") == [None, None, None, "new"]
    assert orders.load().notes == ["3 of 3 files skipped: the same content is loaded already"]


def test_a_new_column_keeps_its_type_in_parquet(orders: RawProject) -> None:
    orders.write_parquet(
        "o.parquet",
        "select 5::bigint as id, 1.5 as amount, '' as note, timestamp '2017-01-01' as sold_at, "
        "[1, 2] as more",
    )
    orders.declare("o.parquet")
    orders.load()
    assert orders.values("more") == [None, None, [1, 2]]


def test_a_changed_declaration(orders: RawProject) -> None:
    columns = {"id": "integer", "amount": "decimal(10, 2)", "note": "varchar"}
    orders.declare("o.csv", columns)
    message = str(orders.fail())
    assert "column id: declared as integer, but loaded as bigint until now" in message
    assert 'alter table "raw"."orders" alter "id" type integer' in message
    orders.declare("o.csv", {"id": "bigint", "note": "no_such_type"})
    assert "column note: data_type 'no_such_type' is not a type" in str(orders.fail())


def test_rejected_rows_get_in_when_the_declaration_is_widened(project: RawProject) -> None:
    project.give("o.csv", "id,v\n1,2\n2,x\n", {"id": "bigint", "v": "integer"})
    project.load(quarantine=True)
    assert project.values("v") == [2]
    project.declare("o.csv", {"id": "bigint", "v": "varchar"})
    project.execute("alter table raw.orders alter v type varchar")
    project.load()
    assert project.values("v") == ["2", "x"]
    assert project.query("from raw.raw_rejects") == []


def test_a_table_that_the_loader_did_not_create_stays_unchanged(orders: RawProject) -> None:
    orders.execute("create or replace table raw.orders as select 1 as id")
    assert "the loader did not create it" in str(orders.fail())
