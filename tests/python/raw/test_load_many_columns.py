"""Columns of one type are converted together, with the same values as each column alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product

import pytest

from feature_store.raw.column_mapping import MappedColumn
from feature_store.raw.conversions.conversion import VALUE, from_text
from feature_store.raw.converted_rows import converted
from support.projects.raw_project import RawProject

pytestmark = pytest.mark.unit

COLUMNS = ("a", "b", "c")
#: Texts of each type: right ones, null, and some that are malformed.
TEXTS = {
    "decimal(9, 2)": ["1.5", "-0.25", "1e2", "1.239", "x", ""],
    "timestamp": ["2024-05-01 12:00:00", "2024-05-01T12:00:00Z", "2024-02-30", "soon", ""],
    "integer[]": ["[1, 2]", "[]", "[1, 2.5]", "[1", ""],
    "varchar": ["x", "007", "1.50", ""],
}
Rows = list[tuple[str, ...]]


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_columns_are_independent(project: RawProject, kind: str, form: str) -> None:
    """Every text beside every other, in one table of three columns and three of one."""
    rows = list(product(TEXTS[kind], repeat=len(COLUMNS)))
    tables = {"all_of_them": COLUMNS, **{f"only_{name}": (name,) for name in COLUMNS}}
    for table, columns in tables.items():
        project.write(f"{table}.{form}", file_of(columns, rows, form))
        types = {"id": "bigint"} | dict.fromkeys(columns, kind)
        project.declare(f"{table}.{form}", types, table=table)
    results = project.run(quarantine=True)
    assert [result.error for result in results] == [None] * len(tables)
    bad = {
        (table, name): {
            line
            for line, reason in project.query(
                f"select line, reason from raw.raw_rejects where table_name = '{table}'"
            )
            if f"column {name}: " in reason
        }
        for table, columns in tables.items()
        for name in columns
    }
    left = set.union(*(bad["all_of_them", name] for name in COLUMNS))
    first = 2 if form == "csv" else 1
    for name in COLUMNS:
        assert bad["all_of_them", name] == bad[f"only_{name}", name]
        alone = dict(project.query(f"select id, {name} from raw.only_{name}"))
        together = dict(project.query(f"select id, {name} from raw.all_of_them"))
        assert together == {
            number: value for number, value in alone.items() if number + first not in left
        }


def file_of(columns: Sequence[str], rows: Rows, form: str) -> str:
    """Return a file with some of the columns of the rows, and their numbers."""
    kept = [
        {"id": number, **{name: row[COLUMNS.index(name)] for name in columns}}
        for number, row in enumerate(rows)
    ]
    if form == "jsonl":
        return "".join(json.dumps(row) + "\n" for row in kept)
    lines = [",".join(kept[0])]
    lines += [
        ",".join(f'"{value}"' if value != "" else "" for value in row.values()) for row in kept
    ]
    return "\n".join(lines) + "\n"


def test_the_sql_of_many_columns_is_as_long_as_that_of_two() -> None:
    """DuckDB takes milliseconds to plan such an expression, in each file."""
    shared = from_text(VALUE, "DECIMAL(9,2)", empty_is_null=True)

    def expressions(count: int) -> int:
        targets = [
            MappedColumn(f"c{i}", "DECIMAL(9,2)", f"c{i}", None, shared) for i in range(count)
        ]
        rows = converted(targets)
        return " ".join([rows.source, *rows.values, *rows.tests]).count("lambda")

    assert expressions(300) == expressions(2)
