"""Errors of the encodings: wrong arguments and wrong data, in SQL and in Python."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from feature_store.errors import FeatureStoreError
from feature_store.training.encodings import FittedStatistics
from support.errors import raises
from support.projects.compiled_project import compiled, write_project
from support.projects.macro_errors import assert_errors, refused_calls

pytestmark = pytest.mark.slow

ERRORS: dict[str, list[str]] = {
    "fitted_statistics(ref('events'))": ["numeric, categorical: at least one column…two empty"],
    "fitted_statistics('', 'spend', ['a', ''], split=1, fitted_on='', time=2)": [
        "training_set: a relation such as…got ",
        "numeric: a list of column names is allowed…got spend",
        "categorical: a list of column names…got an empty text",
        "split: a column name is allowed; got 1",
        "fitted_on: a split such as train is allowed; got an empty text",
        "time: a column name is allowed; got 2",
    ],
    "fitted_statistics(ref('events'), ['a', 'b', 'a'], ['c'])": [
        "numeric: each column is allowed once; got a twice"
    ],
    "fitted_statistics(ref('events'), ['a', 'b'], ['B'])": ["categorical: …not in numeric…got B"],
    "standardized(1, none)": [
        "column: a column name…got 1",
        "statistics: a relation made by fitted_statistics() is allowed; got None",
    ],
    "standardized('a\\nb', ref('events'))": ["column: a column name of one line"],
    "imputed('a', ref('events'), with='mode')": [
        "with: median, mean or most_frequent is allowed; got mode"
    ],
    "ordinal('a', ref('events'), unseen='x')": ["unseen: a whole number or none…got x"],
    "one_hot('a', ref('events'), categories='x')": ["categories: a list of categories…got x"],
    "one_hot('a', ref('events'), categories=[])": ["categories: a list…got an empty one"],
    "one_hot('a', ref('events'), ['A b', 'a-B', '+', 'Other', 1.5, 'c', 'c'])": [
        "names that differ are allowed; got a-B, whose column a_is_a_b is that of A b",
        "texts with a letter or digit…got +",
        "got Other, whose column a_is_other is that of all other categories",
        "texts, whole numbers and booleans are allowed; got 1.5",
        "got c, whose column a_is_c is that of c",
    ],
}


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return refused_calls(tmp_path_factory.mktemp("refusals") / "project", list(ERRORS))


@pytest.mark.parametrize("call", ERRORS)
def test_error_lists_every_error(call: str, refusals: dict[str, Any]):
    assert_errors(refusals[call], call.split("(")[0], ERRORS[call])


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("errors") / "project"
    models = {
        "numbers": "{{ fitted_statistics(ref('events'), numeric=['x']) }}",
        "words": "{{ fitted_statistics(ref('events'), categorical=['x']) }}",
    }
    for macro in ("standardized", "imputed", "ordinal", "one_hot"):
        call = f"{macro}('x', ref('numbers'))"
        models[macro] = f"select {{{{ {call} }}}} as x from {{{{ ref('events') }}}}"
    models["most_frequent"] = (
        "select {{ imputed('x', ref('numbers'), with='most_frequent') }} as x"
        " from {{ ref('events') }}"
    )
    models["named"] = "select {{ one_hot('x', ref('numbers'), ['a']) }} from {{ ref('events') }}"
    write_project(folder, models, {})
    return compiled(folder)


def events(connection: duckdb.DuckDBPyConnection, value: str, split: str = "train") -> None:
    connection.execute(f"create or replace table events as select {value} as x, '{split}' as split")


@pytest.mark.parametrize(
    ("model", "value", "said"),
    [
        ("numbers", "'nan'::double", 'column "x" holds nan. Allowed: numbers from -1e150'),
        ("numbers", "'-infinity'::float", 'column "x" holds -inf'),
        ("numbers", "1e151", 'column "x" holds 1e'),
        ("numbers", "'1'", "column x: numbers and booleans are allowed; got VARCHAR"),
        ("numbers", "date '2017-01-01'", "column x: numbers and booleans are allowed; got DATE"),
        ("numbers", "[1]", "column x: numbers and booleans are allowed; got INTEGER[]"),
        ("words", "1.5::double", "column x: texts, enums, whole numbers…got DOUBLE"),
        ("words", "1.5", "column x: texts, enums…got DECIMAL(2,1)"),
        ("words", "timestamp '2017-01-01'", "column x: texts, enums…got TIMESTAMP"),
        ("words", "['a']", "column x: texts, enums…got VARCHAR[]"),
    ],
)
def test_columns_that_cannot_be_fitted_are_named(model, value, said, sql, connection):
    events(connection, value)
    with pytest.raises(duckdb.Error) as raised:
        connection.execute(sql[model]).fetchall()
    assert str(raised.value).count("fitted_statistics: ") == 1
    for part in said.split("…"):
        assert part in str(raised.value)
    # Nothing is said of it where it is not fitted: that a test row is odd is no error of training.
    connection.execute("insert into events select null, 'train'")
    connection.execute("update events set split = 'test' where x is not null")
    if "holds" in said:
        [line] = connection.execute(sql[model]).fetchall()
        assert line[-5:-3] == (1, 1)


@pytest.mark.parametrize("value", ["1e150", "true", "1::utinyint", "1::decimal(38,2)", "null"])
def test_numbers_are_fitted(value, sql, connection):
    events(connection, value)
    [line] = connection.execute(sql["numbers"]).fetchall()
    assert line[-5:-3] == (1, int(value == "null"))


@pytest.mark.parametrize("value", ["'a'::enum('a', 'b')", "uuid()", "1::hugeint", "null"])
def test_categories_are_fitted(value, sql, connection):
    events(connection, value)
    assert len(connection.execute(sql["words"]).fetchall()) == 1 + (value != "null")


def test_an_empty_split_is_an_error_and_an_empty_table_is_not(sql, connection):
    for model in ("numbers", "words"):
        events(connection, "1", split="Train")
        with pytest.raises(duckdb.Error, match=r"no row of .* has \"split\" = 'train'"):
            connection.execute(sql[model]).fetchall()
        connection.execute("delete from events")
        [line] = connection.execute(sql[model]).fetchall()
        assert line[3:] == (None,) * 5 + (0, 0, "train", None, None)


NUMERIC = ["standardized", "imputed"]
CATEGORICAL = ["ordinal", "one_hot", "most_frequent", "named"]


@pytest.mark.parametrize("model", [*NUMERIC, *CATEGORICAL])
def test_a_column_that_was_not_fitted_is_an_error_not_a_null(model, sql, connection):
    events(connection, "1")
    wrong, right = ("words", "numbers") if model in NUMERIC else ("numbers", "words")
    macro = "imputed" if model == "most_frequent" else model.replace("named", "one_hot")
    kind = "numeric" if model in NUMERIC else "categorical"
    said = (
        f'{macro}: "memory"."main"."numbers" has not exactly one row of the {kind} column x. '
        "Allowed: "
    )
    connection.execute(f"create or replace table numbers as {sql[wrong]}")
    for change in ("select 1", "delete from numbers"):
        connection.execute(change)
        with raises(said, kind=duckdb.Error):
            connection.execute(sql[model]).fetchall()
    connection.execute(f"create or replace table numbers as {sql[right]}")
    assert len(connection.execute(sql[model]).fetchall()) == 1
    # Two tables in one would be no better than none.
    connection.execute("insert into numbers from numbers")
    with pytest.raises(duckdb.Error, match=macro):
        connection.execute(sql[model]).fetchall()


@pytest.fixture
def fitted(sql, connection) -> FittedStatistics:
    events(connection, "1")
    connection.execute(f"create or replace table numbers as {sql['numbers']}")
    connection.execute(
        f"insert into numbers select * replace ('w' as column_name) from ({sql['words']})"
    )
    return FittedStatistics.from_warehouse(connection, "numbers")


@pytest.mark.parametrize(
    ("method", "arguments", "said"),
    [
        ("standardized", ("w", 1), "no numeric column 'w' was fitted\nAllowed: known names: x"),
        ("ordinal", ("x", 1), "no categorical column 'x' was fitted\nAllowed: known names: w"),
        ("standardized", ("x", "1"), "x is '1'\nAllowed: a finite number"),
        ("standardized", ("x", math.nan), "x is nan\nAllowed: a finite number"),
        ("imputed", ("x", math.inf), "x is inf"),
        ("imputed", ("x", Decimal("nan")), "x is Decimal('NaN')"),
        ("imputed", ("x", 2**53 + 1), "a whole one up to 2^53"),
        ("imputed", ("x", 1, "mode"), "using is 'mode'\nAllowed: median, mean, most_frequent"),
        ("ordinal", ("w", 1.5), "w is 1.5\nAllowed: a text, a whole number"),
        ("ordinal", ("w", datetime(2017, 1, 1)), "Allowed: a text"),
        ("one_hot", ("w", "a", "ab"), "categories of w: 'ab'\nAllowed: a list of categories"),
        ("one_hot", ("w", "a", ["a b", "A-b"]), "'A-b' would be w_is_a_b"),
        ("one_hot", ("w", "a", ["other"]), "'other' would be w_is_other"),
        ("one_hot", ("w", "a", [None]), "None would be w_is_"),
        ("encoded", ({"y": 1}, {"x": "imputed"}), "row: no x\nAllowed: known names: y"),
        ("encoded", ({"x": 1}, {"x": "scaled"}), "steps: x: no encoding 'scaled'"),
    ],
)
def test_errors_in_python_say_what_is_allowed(method, arguments, said, fitted):
    with raises(said):
        getattr(fitted, method)(*arguments)


def test_other_tables_than_statistics_are_refused(connection, tmp_path: Path):
    events(connection, "1")
    for relation, said in [
        ("events", "events: no column column_name, kind"),
        ("training.x", "training.x: no such table"),
        ("", ": no such table"),
    ]:
        with raises(said):
            FittedStatistics.from_warehouse(connection, relation)
    path = tmp_path / "x.parquet"
    for content in (None, b"no parquet"):
        if content:
            path.write_bytes(content)
        with pytest.raises(FeatureStoreError, match="cannot be read"):
            FittedStatistics.from_parquet(path)
