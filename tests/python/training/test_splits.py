"""``time_split`` and ``hash_split``: compiled by dbt, run by DuckDB, against plain Python."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.paths import REPOSITORY
from support.projects.compiled_project import compiled, write_project
from support.projects.feature_view_events import PROFILE
from support.projects.macro_errors import assert_errors, refused_calls

pytestmark = pytest.mark.slow

GUIDE = REPOSITORY / "docs/guides/splits_and_encodings.md"
NAME = 'the "key", %'
QUOTED = '"the ""key"", %"'
CALLS = {
    "by_day": "time_split('label_time', '2017-09-01', '2017-11-01')",
    "by_minute": "time_split('t.label_time', '2017-09-01T00:00Z', '2017-11-01 12:30:00.000001')",
    "purged": "time_split('label_time', '2017-09-01', '2017-11-01', label_window='28d')",
    "purged_by_week": "time_split('label_time', '2017-09-01', '2017-11-01', label_window='2w')",
    "one_key": "hash_split(['a'])",
    "two_keys": f"hash_split(['a', '{NAME}'])",
    "seeded": "hash_split(['a'], seed=7)",
    "halves": "hash_split(['a'], train=50, validation=0, test=50, seed=-1)",
}
DAYS = ["1600-02-29", "2000-02-29", "1969-12-31", "2100-03-01", "0001-01-01"]


def end_of(day: str) -> str:
    return str(datetime.fromisoformat(day) + timedelta(days=400))


def calendar_call(day: str, fraction: str) -> str:
    return f"time_split('label_time', '{day}', '{end_of(day)}{fraction}', '400d')"


CALLS |= {f"from_{day}": calendar_call(day, ".000001") for day in DAYS}
# What is refused, with parts of each error in order.
ERRORS: dict[str, list[str]] = {
    "time_split('label_time', '2017-02-29', 'soon')": [
        "validation_from: a UTC time is allowed, such as 2017-09-01…got 2017-02-29",
        "test_from: a UTC time…got soon",
    ],
    "time_split('label_time', '2017-09-01', '2017-11-01T00:00+02:00')": ["test_from: a UTC…+02:00"],
    "time_split('label_time', '2017-09-01', '2017-09-01')": [
        "test_from: a time after validation_from"
    ],
    "time_split('label_time', '2017-09-01 24:00:00', '2018-09-01')": ["validation_from: …got"],
    "time_split('', '2017-13-01', '2018-01-01', '28 days')": [
        "time: SQL such as label_time is allowed",
        "validation_from: ",
        "label_window: …such as 28d; got 28 days",
    ],
    "time_split('label_time', '2017-09-01', '2017-09-29', '28d')": [
        "label_window: less than…got 28d"
    ],
    "hash_split('customer_id')": ["entity: a list of column names…got customer_id"],
    "hash_split([])": ["entity: …got an empty list"],
    "hash_split(['a', 'A', 1], train=90, seed='x')": [
        "entity: each column is allowed once; got A twice",
        "entity: a list of column names…got 1",
        "add up to 100 are allowed; got 90 + 10 + 10 = 110",
        "seed: a whole number is allowed; got x",
    ],
    "hash_split(['a'], train=0.8, validation=0.1, test=0.1)": [
        "train: a whole per cent from 0 to 100 is allowed; got 0.8",
        "validation: …got 0.1",
        "test: …got 0.1",
    ],
    "hash_split(['a'], train=110, validation=-20)": ["train: …got 110", "validation: …got -20"],
}
ERRORS |= {calendar_call(day, ""): ["label_window: less than"] for day in DAYS}


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("splits") / "project"
    write_project(folder, {name: f"{{{{ {call} }}}}" for name, call in CALLS.items()}, {})
    return compiled(folder)


def splits_of_times(connection: duckdb.DuckDBPyConnection, sql: str, times: list[Any]) -> list[Any]:
    rows = connection.execute(
        f"select {sql} from (select unnest(cast(? as timestamp[])) as label_time) as t", [times]
    ).fetchall()
    return [row[0] for row in rows]


def splits_of_keys(connection: duckdb.DuckDBPyConnection, sql: str, keys: list[Any]) -> list[Any]:
    rows = connection.execute(
        f"select {sql} from (select unnest(cast(? as varchar[])) as a,"
        f" unnest(cast(? as varchar[])) as {QUOTED})",
        [[key[0] for key in keys], [key[-1] for key in keys]],
    ).fetchall()
    return [row[0] for row in rows]


VALIDATION, TEST, US = datetime(2017, 9, 1), datetime(2017, 11, 1), timedelta(microseconds=1)


def test_bounds_belong_to_the_later_split(sql, connection):
    times = [datetime(1, 1, 1), VALIDATION - US, VALIDATION, TEST - US, TEST, None]
    result = ["train", "train", "validation", "validation", "test", None]
    assert splits_of_times(connection, sql["by_day"], times) == result
    edge = datetime(2017, 11, 1, 12, 30)
    times = [VALIDATION - US, VALIDATION, edge, edge + US]
    result = ["train", "validation", "validation", "test"]
    assert splits_of_times(connection, sql["by_minute"], times) == result


@pytest.mark.parametrize(("name", "days"), [("purged", 28), ("purged_by_week", 14)])
def test_labels_that_reach_into_the_next_split_are_left_out(name, days, sql, connection):
    window = timedelta(days=days)
    times, result = [], []
    for bound, before, after in (VALIDATION, "train", "validation"), (TEST, "validation", "test"):
        times += [bound - window - US, bound - window, bound - US, bound]
        result += [before, None, None, after]
    assert splits_of_times(connection, sql[name], [*times, None]) == [*result, None]


@pytest.mark.parametrize("day", DAYS)
def test_lengths_of_the_calendar(day, sql, refusals):
    """A window that leaves one microsecond is taken, and one that leaves none is refused."""
    assert end_of(day) in sql[f"from_{day}"]
    assert_errors(refusals[calendar_call(day, "")], "time_split", ["label_window: less than"])


keys = st.lists(
    st.tuples(*[st.one_of(st.none(), st.text("ab|%_nul27C5\\'", max_size=4), st.text())] * 2),
    max_size=8,
)


@pytest.fixture(scope="module")
def documented() -> Any:
    """Return the function of the guide, which is the definition."""
    code = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)[0]
    names: dict[str, Any] = {}
    exec(code, names)
    return names["hash_split"]


@given(drawn=keys)
@settings(PROFILE, max_examples=100)
def test_hash_split_is_the_documented_function(drawn, sql, connection, documented):
    drawn = [tuple(text and text.replace("\0", "") for text in key) for key in drawn]
    expected = [documented(key) for key in drawn]
    assert splits_of_keys(connection, sql["two_keys"], drawn) == expected
    other = {"seeded": {"seed": 7}, "halves": {"train": 50, "validation": 0, "seed": -1}}
    for name, shares in other.items():
        expected = [documented(key[:1], **shares) for key in drawn]
        assert splits_of_keys(connection, sql[name], drawn) == expected


def test_known_results(sql, connection):
    """What was dealt out once must stay so: these were written down, not computed."""
    known = {
        "1": "test",
        "12": "train",
        "1029": "train",
        "ä": "train",
        "": "train",
        None: "train",
        "3": "validation",
        "4": "train",
        "14": "train",
    }
    drawn = [(key,) for key in known]
    assert splits_of_keys(connection, sql["one_key"], drawn) == [*known.values()]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("1", "23"), ("12", "3")),
        (("a|b", "c"), ("a", "b|c")),
        (("%7C", "b"), ("|", "b")),
        (("%null", "b"), (None, "b")),
        (("", "b"), (None, "b")),
    ],
)
def test_similar_keys_are_distinguished(one, other, sql, connection):
    """Two entities with one text would share a bucket under every seed."""
    for seed in range(40):
        text = sql["two_keys"].replace("'0'", f"'{seed}'")
        assert (text == sql["two_keys"]) == (seed == 0)
        [first, second] = splits_of_keys(connection, text, [one, other])
        if first != second:
            return
    pytest.fail(f"{one} and {other} are always in one split")


def test_shares_order_and_threads(sql, connection):
    """100,000 entities are dealt out as asked, however the rows lie and whoever reads them."""
    connection.execute("create or replace table t as select range::varchar as a from range(100000)")
    answers = []
    try:
        for threads, order in (1, "a"), (4, "a desc"), (4, "hash(a)"):
            connection.execute(f"set threads = {threads}")
            table = f"(select * from t order by {order})"
            query = f"select a, {sql['one_key']} from {table}"
            answers.append(dict(connection.execute(query).fetchall()))
    finally:
        connection.execute("reset threads")
    assert answers[0] == answers[1] == answers[2]
    shares = Counter(answers[0].values())
    assert shares["train"] == pytest.approx(80_000, abs=600)
    assert shares["validation"] == pytest.approx(10_000, abs=500)
    # Another seed is another deal: about 0.8 * 0.8 + 2 * 0.1 * 0.1 stay where they are.
    seeded = dict(connection.execute(f"select a, {sql['seeded']} from t").fetchall())
    stay = sum(seeded[key] == split for key, split in answers[0].items())
    assert stay == pytest.approx(66_000, abs=1_000)


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return refused_calls(tmp_path_factory.mktemp("refusals") / "project", list(ERRORS))


@pytest.mark.parametrize("call", ERRORS)
def test_error_lists_every_error(call: str, refusals: dict[str, Any]):
    assert_errors(refusals[call], call.split("(")[0], ERRORS[call])
