"""The statistics against their definition, and the encodings in SQL against those in Python."""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from feature_store.training.encodings import FittedStatistics
from support.oracles.encodings import (
    CATEGORICAL,
    NAMED,
    NUMERIC,
    TYPES,
    Row,
    encodings,
    rows_strategy,
    statistics_table,
    write_and_compile,
    write_rows,
)
from support.projects.compiled_project import read_rows
from support.projects.feature_view_events import PROFILE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return write_and_compile(tmp_path_factory.mktemp("encodings") / "project")


def row(**given: Any) -> Row:
    """Return a row of the training set; columns that are not given are null."""
    return {**dict.fromkeys(TYPES), "split": "train", **given}


def fit(connection: duckdb.DuckDBPyConnection, sql: dict[str, str], rows: list[Row]) -> list[Any]:
    write_rows(connection, rows)
    connection.execute(f"create or replace table fitted as {sql['fitted']}")
    return connection.execute("select * from fitted").fetchall()


def fittable(rows: list[Row]) -> bool:
    return not rows or any(row["split"] == "train" for row in rows)


def in_python(fitted: FittedStatistics, row: Row) -> dict[str, Any]:
    """Return what the model ``encoded`` selects of a row, in its order."""
    result: dict[str, Any] = {}
    for name, (method, column, others) in encodings().items():
        arguments = {"using" if key == "with" else key: value for key, value in others.items()}
        result[name] = getattr(fitted, method)(column, row[column], **arguments)
    for number, column in enumerate(NUMERIC):
        steps = {column: ["imputed", "standardized"]}
        result[f"chained_{number}"] = fitted.encoded(row, steps)[column]
    for number, column in enumerate(CATEGORICAL):
        for method in ("ordinal", "one_hot"):
            steps = {column: [("imputed", {"using": "most_frequent"}), method]}
            result[f"chained_{method}_{number}"] = fitted.encoded(row, steps)[column]
    named = {
        column: ("one_hot", {"categories": categories}) for column, categories in NAMED.items()
    }
    return result | fitted.encoded(row, named)


@given(rows=rows_strategy)
@settings(PROFILE, max_examples=80)
def test_statistics_equal_their_definition(rows, sql, connection):
    assume(fittable(rows))
    # repr() tells -0.0 from 0.0 and shows every bit of a double.
    assert list(map(repr, fit(connection, sql, rows))) == list(map(repr, statistics_table(rows)))


@given(rows=rows_strategy)
@settings(PROFILE, max_examples=20)
def test_python_and_sql_encode_bit_for_bit_alike(rows, sql, connection):
    assume(fittable(rows))
    fit(connection, sql, rows)
    fitted = FittedStatistics.from_warehouse(connection, "main.fitted")
    names, encoded = read_rows(connection, sql["encoded"])
    assert len(encoded) == len(rows)
    # What the warehouse holds is what is served: a float is not the double that was drawn.
    _, stored = read_rows(connection, "select * from rows order by _line")
    for given_row, got in zip(stored, encoded, strict=True):
        expected = in_python(fitted, given_row)
        assert list(expected) == names
        assert {name: repr(value) for name, value in expected.items()} == {
            name: repr(value) for name, value in got.items()
        }


@given(rows=rows_strategy, others=rows_strategy, chance=st.randoms(use_true_random=False))
@settings(PROFILE, max_examples=40)
def test_other_splits_and_order_change_no_statistic(rows, others, chance, sql, connection):
    train = [row for row in rows if row["split"] == "train"]
    assume(train)
    before = fit(connection, sql, rows)
    changed = train + [row | {"split": chance.choice(["test", None, "TRAIN"])} for row in others]
    chance.shuffle(changed)
    assert list(map(repr, fit(connection, sql, changed))) == list(map(repr, before))


def test_a_row_of_the_training_split_does_change_them(sql, connection):
    rows = [row(price=1.0, word="a"), row(price=2.0, word="b")]
    before = fit(connection, sql, rows)
    assert fit(connection, sql, [*rows, row(price=9.0, word="b")]) != before


def test_worked_example(sql, connection):
    """Worked out by hand, so that SQL and Python cannot be wrong together."""
    rows = [
        row(price=1.0, word="b", constant=0.1, label_time=datetime(2017, 1, 2)),
        row(price=2.0, word="a", constant=0.1),
        row(price=6.0, word="B b", constant=0.1, label_time=datetime(2017, 1, 1)),
        row(word="a"),
        row(price=100.0, word="never seen", constant=-5.0, split="test", nothing=3.0, no_word="x"),
    ]
    table = {(line[0], line[2]): line[3:] for line in fit(connection, sql, rows)}
    end = ("train", datetime(2017, 1, 1), datetime(2017, 1, 2))
    deviation = (14 / 3) ** 0.5
    assert table["price", None] == (None, 3.0, deviation, 2.0, None, 4, 1, *end)
    assert table["constant", None] == (None, 0.1, 0.0, 0.1, None, 4, 1, *end)
    assert table["nothing", None] == (None, None, None, None, None, 4, 4, *end)
    assert table["word", None] == (None, None, None, None, "a", 4, 0, *end)
    assert [table["word", text][0] for text in ("a", "B b", "b")] == [0, 1, 2]
    encoded = read_rows(connection, sql["encoded"])[1]
    number = {name: NUMERIC.index(name) for name in ("price", "constant", "nothing")}
    price = [line[f"standardized_{number['price']}"] for line in encoded]
    assert price == [-2.0 / deviation, -1.0 / deviation, 3.0 / deviation, None, 97.0 / deviation]
    assert [line[f"median_{number['price']}"] for line in encoded] == [1.0, 2.0, 6.0, 2.0, 100.0]
    assert encoded[3][f"mean_{number['price']}"] == 3.0
    assert encoded[3][f"chained_{number['price']}"] == -1.0 / deviation
    constant = [line[f"standardized_{number['constant']}"] for line in encoded]
    assert repr(constant) == "[0.0, 0.0, 0.0, None, 0.0]"  # never -0.0
    assert encoded[4][f"standardized_{number['nothing']}"] is None
    assert encoded[3][f"median_{number['nothing']}"] is None
    assert [line["ordinal_0"] for line in encoded] == [2, 0, 1, 0, -1]
    assert [line["ordinal_null_0"] for line in encoded] == [2, 0, 1, 0, None]
    assert [line["list_0"] for line in encoded][-2:] == [[1, 0, 0, 0], [0, 0, 0, 1]]
    nothing = CATEGORICAL.index("no_word")
    assert [line[f"list_{nothing}"] for line in encoded][-2:] == [[0], [1]]
    names = ["a", "b_b", "never_seen", "it_s", "other"]
    ones = [[line[f"word_is_{name}"] for name in names] for line in encoded]
    assert ones == [
        [0, 0, 0, 0, 1],  # fitted, but not in the list
        [1, 0, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [1, 0, 0, 0, 0],
        [0, 0, 0, 0, 1],  # in the list, but not fitted
    ]
    assert [line["code_is_other"] for line in encoded] == [0] * 5


def test_order_and_threads_change_no_bit(sql, connection):
    """300,000 doubles, whose sum would depend on the order of adding."""
    chance = random.Random(20_261_121)
    connection.execute("select setseed(0.5)")
    write_rows(connection, [])
    connection.execute(
        "insert into rows by name select"
        " if(range % 3 = 0, round(random() * 10, 1), (random() - 0.5) * 1e6) as price,"
        " random() * 1e-3 as constant, (random() * 1000)::bigint as code,"
        " if(range % 10 = 0, 'test', 'train') as split, range as _line from range(300000)"
    )
    tables, plain = [], set()
    try:
        for threads, order in (1, "_line"), (4, "_line"), (4, "price desc"), (3, "random()"):
            connection.execute(f"set threads = {threads}")
            connection.execute(f"create or replace table rows as from rows order by {order}")
            tables.append(connection.execute(sql["fitted"]).fetchall())
            plain |= set(connection.execute("select sum(price) from rows").fetchall())
    finally:
        connection.execute("reset threads")
    assert [list(map(repr, table)) for table in tables[1:]] == [list(map(repr, tables[0]))] * 3
    assert len(plain) > 1, "the sums do not depend on the order: these doubles prove nothing"
    # And it is the sum that the definition means.
    rows = connection.execute("select price, split from rows").fetchall()
    chance.shuffle(rows)
    stored = [row(price=price, split=split) for price, split in rows]
    expected = {line[0]: line for line in statistics_table(stored)}["price"]
    [got] = [line for line in tables[0] if line[0] == "price"]
    assert list(map(repr, got)) == list(map(repr, expected))


def test_another_split_can_be_fitted_on(sql, connection):
    connection.execute(
        "create or replace table rows as select * from"
        " (values (1.0, 'it''s'), (3.0, 'it''s'), (8.0, 'train')) as t(price, \"the split\")"
    )
    assert connection.execute(sql["on_test"]).fetchall() == [
        ("price", "numeric", None, None, 2.0, 1.0, 2.0, None, 2, 0, "it's", None, None)
    ]


def test_parquet_keeps_every_bit(sql, connection, tmp_path: Path):
    fit(connection, sql, [row(price=0.1, word="a"), row(price=0.2, word="b"), row()])
    fitted = FittedStatistics.from_warehouse(connection, '"memory".main."fitted"')
    fitted.to_parquet(tmp_path / "a.parquet")
    read = FittedStatistics.from_parquet(str(tmp_path / "a.parquet"))
    assert read.table.equals(fitted.table)
    assert read.columns == fitted.columns
    read.to_parquet(tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
