"""Columns that are not declared: loaded or left out, reported, and never an error."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from feature_store.raw.interval_availability import check_availability
from feature_store.raw.load_request import LoadRequest
from support.projects.raw_project import RawProject

ADVICE = "loaded, and not declared; declare them in models/x/_sources.yml"


def write(project: RawProject, name: str, columns: dict[str, Any]) -> None:
    arrays = {
        key: values if isinstance(values, pa.Array) else pa.array(values)
        for key, values in columns.items()
    }
    parquet.write_table(pa.table(arrays), project.folder / name)


NULLS = pa.array([None], pa.null())
PARQUET = [
    ([NULLS, ["x"]], [None, "x"], "varchar"),
    ([["x"], NULLS], ["x", None], "varchar"),
    ([NULLS, [1.5]], [None, 1.5], "double"),
    ([[1], [1.0]], [1, 1], "bigint"),
    ([[1], [1.5]], ["1", "1.5"], "varchar"),
    ([[1.0], ["x"], [2.0]], ["1", "x", "2"], "varchar"),
    ([[1], ["x"], [[1, 2]], [{"a": 1}]], ["1", "x", "[1, 2]", "{'a': 1}"], "varchar"),
    ([[[1]], [["x"]]], ["[1]", "[x]"], "varchar"),
    ([["x"], [b"\xff"], [float("nan")]], ["x", "\\xFF", "nan"], "varchar"),
]


@pytest.mark.parametrize(("contents", "values", "kind"), PARQUET)
@pytest.mark.parametrize("quarantine", [False, True])
def test_any_types_of_parquet(
    project: RawProject, contents: list[Any], values: list[Any], kind: str, quarantine: bool
) -> None:
    for i, content in enumerate(contents):
        write(project, f"{i}.parquet", {"id": [i], "coupon": content})
    project.declare("*.parquet", {"id": "bigint"})
    result = project.load(quarantine=quarantine)
    assert (result.loaded, result.rejected) == (len(contents), 0)
    assert project.rows("id, coupon") == list(enumerate(values))
    (note,) = result.notes
    assert note.startswith("0.parquet, 1.parquet")
    assert note.endswith(f": new column coupon ({kind}): {ADVICE}")
    write(project, "0.parquet", {"coupon": [[None, "y"]], "id": [0], "Coupon2": [1]})
    (note, _) = project.load(quarantine=quarantine).notes
    assert "0.parquet: column coupon (varchar); 0.parquet: new column Coupon2 (bigint)" in note
    assert project.query("select count(*) from raw.orders") == [(len(contents),)]


@pytest.mark.parametrize("name", ["o.csv", "o.jsonl", "o.parquet"])
def test_names_that_cannot_be_columns(project: RawProject, name: str) -> None:
    row = {"id": 1, "x": "a", "ID": 2, "X": "b", "_batch_id": "c", "record": "d", "": "e"}
    row |= {"file_row_number": "f"}
    if name == "o.csv":
        project.write(name, ",".join(row) + "\n" + ",".join(map(str, row.values())))
    elif name == "o.jsonl":
        project.write(name, json.dumps({key: row[key] for key in row if key not in ("ID", "X")}))
    else:
        write(project, name, {key: [value] for key, value in row.items()})
    project.declare(name, {"id": "bigint"})
    result = project.load()
    assert project.rows("id, record, file_row_number") == [(1, "d", "f")]
    (left_out,) = [note for note in result.notes if note.endswith(": not loaded")]
    assert "_batch_id (the loader uses this name itself)" in left_out
    assert "(has no name)" in left_out
    if name != "o.jsonl":
        for twice in ("x", "X", "ID"):
            assert f"{twice} (occurs twice)" in left_out


def test_keys_of_json_in_another_case(project: RawProject) -> None:
    lines = ['{"id": 1, "x": 1}', '{"ID": 2, "X": 2}', '{"id": 3, "x": 3, "X": 4}']
    lines += ['{"id": 4, "x": 5, "x": 6}', '{"id": 5, "Id": 5}']
    project.give("o.jsonl", "\n".join(lines), {"id": "bigint"})
    assert "o.jsonl, line 5: a key occurs twice in the object" in str(project.fail())
    assert project.load(quarantine=True).rejected == 1
    assert project.values("id") == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "value", ["1.5", "1e400", "NaN", '{"a": [1]}', "[1, {}]", "true", '"x"', "null", "1" * 50]
)
def test_any_value_of_json(project: RawProject, value: str) -> None:
    lines = ['{"id": 1}', f'{{"id": 2, "coupon": {value}}}', '{"id": 3, "coupon": "x"}']
    project.give("o.jsonl", "\n".join(lines), {"id": "bigint"})
    result = project.load()
    assert (result.loaded, result.rejected) == (3, 0)
    assert project.values("coupon")[2] == "x"


def test_columns_in_another_order_and_rows_with_more_fields_than_the_header(
    project: RawProject,
) -> None:
    project.write("1.csv", "id,note\n1,a\n")
    project.write("2.csv", "more,note,id\nx,b,2\ny,c,3,4\n5,d\n")
    project.declare("*.csv", {"id": "bigint", "note": "varchar"})
    assert "2.csv, line 3: 4 fields where the header has 3" in str(project.fail())
    assert project.load(quarantine=True).rejected == 2
    assert project.rows("id, note, more") == [(1, "a", None), (2, "b", "x")]
    project.write("3.csv", "id,remark\n4,e\n")
    assert "3.csv, line 1: column note missing" in str(project.fail(quarantine=True))


def test_intervals_and_the_check_report_them_too(project: RawProject) -> None:
    for day in (1, 2):
        more = "null" if day == 1 else "'x'"
        project.write_parquet(
            f"{day}.parquet",
            f"select {day} as id, timestamp '2017-01-0{day}' as sold_at, {more} as coupon",
        )
    project.declare("*.parquet", {"id": "bigint", "sold_at": "timestamp"}, event_time="sold_at")
    for day in (1, 2):
        dates = ("--start", f"2017-01-0{day}", "--end", f"2017-01-0{day + 1}")
        start, end = (datetime(2017, 1, day + i) for i in (0, 1))
        (found,) = check_availability(project.folder, LoadRequest(start=start, end=end))
        (note,) = found.notes
        assert f"{day}.parquet" in note
        assert "column coupon (" in note
        loaded = project.command(*dates)
        assert loaded.returncode == 0, loaded.stderr
        assert "column coupon" in loaded.stdout.replace("\n", " ")
    assert project.values("coupon") == [None, "x"]


def test_a_file_is_named_once_for_a_name_that_it_has_twice(project: RawProject) -> None:
    project.give("o.csv", "id,x,x\n1,2,3\n", {"id": "bigint"})
    assert project.load().notes == ["o.csv: column x (occurs twice): not loaded"]
