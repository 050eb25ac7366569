"""Keys of every pair of types, and times of every type, checked alike in dbt and Python.

The routes are the SQL that dbt runs, and the check that Python makes of a spine before it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from feature_store.dbt.macros import ProjectMacros, Relation
from feature_store.historical.spine import open_spine
from feature_store.registry.definitions import Feature, FeatureView
from support.errors import message_of
from support.projects.history_store import HistoryStore

pytestmark = pytest.mark.slow

SIGNED = {"tinyint": 8, "smallint": 16, "integer": 32, "bigint": 64, "hugeint": 128}
INTEGERS = {
    **{name: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for name, bits in SIGNED.items()},
    **{f"u{name}": (0, 2**bits - 1) for name, bits in SIGNED.items()},
}
#: Values of each type as SQL, and what each is equal to, as a person means it.
OTHERS: dict[str, list[tuple[str, Any]]] = {
    "varchar": [(f"'{text}'", text) for text in ("7", "007", "A12", "", "2024-05-02", "true")],
    "enum('007', 'A12', '7')": [("'7'", "7"), ("'A12'", "A12")],
    "double": [("7", 7.0), ("9007199254740992", 2.0**53), ("'nan'", "nan"), ("0.1", 0.1)],
    "float": [("7", 7.0), ("0.1", "0.1 of 32 bit")],
    "decimal(10,2)": [("7", "7.00")],
    "decimal(12,2)": [("7", "7.00 of 12 digits")],
    "decimal(38,0)": [("7", "7.")],
    "boolean": [("true", True)],
    "date": [("'2024-05-02'", "day")],
    "timestamp": [("'2024-05-02'", "time")],
    "timestamp_s": [("'2024-05-02'", "time in s")],
    "timestamp_ns": [("'2024-05-02'", "time in ns")],
    "timestamp with time zone": [("'2024-05-02'", "instant")],
    "time": [("'12:00'", "noon")],
    "interval": [("'7 days'", "7 days")],
    "uuid": [("'00000000-0000-0000-0000-000000000007'", "uuid")],
    "blob": [("'7'", b"7")],
    "bit": [("'111'", "bits")],
    "json": [("'7'", "json")],
    "integer[]": [("[7]", "list")],
}
TYPES = {
    **{
        name: [(f"'{n}'", n) for n in dict.fromkeys((low, 7, high))]
        for name, (low, high) in INTEGERS.items()
    },
    **OTHERS,
}
TEXTS = {"varchar", "enum('007', 'A12', '7')"}


def are_comparable(one: str, other: str) -> bool:
    """Say which keys are compared, from the definition."""
    whole = {*INTEGERS} - {"uhugeint"}
    return one == other or {one, other} <= whole or {one, other} <= TEXTS


@dataclasses.dataclass(frozen=True)
class Joins:
    """Joins of spines in a database, by dbt's SQL and by Python's check."""

    connection: duckdb.DuckDBPyConnection
    macros: ProjectMacros
    view: FeatureView

    def rows(self, spine: str, *features: str) -> list[tuple[Any, ...]]:
        """Join feature tables by the key ``k``, as a dbt model does."""
        views = [
            {"features": Relation(name, name), "entity": ["k"], "select": ["v"], "prefix": name}
            for name in features
        ]
        sql = self.macros.point_in_time_join(f"({spine})", views, time="t")
        return self.connection.execute(sql).fetchall()

    def error(self, spine: str, *kinds: str) -> str:
        """Return Python's error of a spine for keys of these types; "" where it is joined."""
        typed = [dataclasses.replace(self.view, entity=(Feature("k", kind, ""),)) for kind in kinds]
        return message_of(open_spine, self.connection, spine, "t", typed, self.macros)


@pytest.fixture(scope="module")
def joins(history: HistoryStore, macros: ProjectMacros) -> Iterator[Joins]:
    with duckdb.connect() as opened:
        opened.execute("set timezone = 'America/New_York'")
        for number, (kind, values) in enumerate(TYPES.items()):
            rows = ", ".join(
                f"(cast({value} as {kind}), {n})" for n, (value, _) in enumerate(values)
            )
            opened.execute(
                f"create table f{number} as select k, timestamp '2024-05-01' as feature_time, v, "
                f"feature_time as known_at from (values {rows}) as given(k, v)"
            )
        yield Joins(opened, macros, history.definitions.view("purchases", 2))


@pytest.mark.parametrize("given", TYPES)
def test_every_pair_of_key_types(given, joins):
    values_of = enumerate(TYPES[given])
    rows = ", ".join(f"(cast({value} as {given}), {n})" for n, (value, _) in values_of)
    spine = f"select k, n, timestamp '2024-05-02' as t from (values {rows}, (null, 99)) as s(k, n)"
    numbers = {kind: number for number, kind in enumerate(TYPES)}
    same = [kind for kind in TYPES if are_comparable(given, kind)]
    others = [kind for kind in TYPES if kind not in same]

    assert joins.error(spine, *same) == ""
    found = sorted(
        joins.rows(spine, *(f"f{numbers[kind]}" for kind in same)),
        key=lambda row: row[1],
    )
    for place, kind in enumerate(same):
        meaning = {value: n for n, (_, value) in enumerate(TYPES[kind])}
        expected = [meaning.get(value) for _, value in TYPES[given]] + [None]
        assert [row[3 + place] for row in found] == expected, (given, kind)

    said = joins.error(spine, *others)
    assert said.startswith(f"the spine cannot be joined: {len(others)} errors\n")
    with pytest.raises(duckdb.InvalidInputException) as caught:
        joins.rows(spine, *(f"f{numbers[kind]}" for kind in others))
    for kind in others:
        assert f" is allowed, as in f{numbers[kind]}. " in str(caught.value), (given, kind)
    # Each of them alone as well, in turn, for which one joins many at a time above.
    with pytest.raises(duckdb.InvalidInputException, match="key column k is of type"):
        joins.rows(spine, f"f{numbers[others[numbers[given] % len(others)]]}")


@pytest.mark.parametrize("rows", ["where false", "where k = ''", "limit 0"])
def test_types_are_checked_without_rows_too(rows, joins):
    joins.connection.execute(
        "create or replace table labels as select 'A12' as k, timestamp '2024-05-02' as t"
    )
    with pytest.raises(duckdb.InvalidInputException, match="key column k is of type VARCHAR"):
        joins.rows(f"select * from labels {rows}", "f0")


#: A time as SQL, and the row that it sees: those of 05-01 and 05-02 00:00 UTC. None is an error.
TIMES: dict[str, int | None] = {
    "timestamp '2024-05-02 00:00:00'": 2,
    "timestamp '2024-05-01 23:59:59.999999'": 1,
    "date '2024-05-02'": 2,
    "date '2024-05-01'": 1,
    "timestamptz '2024-05-02T00:30:00+02:00'": 1,
    "timestamptz '2024-05-01T22:30:00-02:00'": 2,
    "timestamp_s '2024-05-02 00:00:00'": 2,
    "timestamp_ms '2024-05-01 23:59:59.999'": 1,
    "timestamp_ns '2024-05-02 00:00:00.000000000'": 2,
    "timestamp_ns '2024-05-01 23:59:59.999999001'": None,
    "timestamptz_ns '2024-05-02T00:30:00+02:00'": 1,
    "timestamptz_ns '2024-05-01T22:30:00-02:00'": 2,
    "timestamptz_ns '2024-05-01 23:59:59.999999001+00'": None,
    "timestamp 'infinity'": 2,
    "timestamptz '-infinity'": 0,
    "timestamp '290000-01-01'": 2,
    "date '0044-03-15 (BC)'": 0,
    "date '300000-01-01'": None,
    "'2024-05-02T00:30:00+02:00'": None,
    "'2024-05-02'": None,
    "'soon'": None,
    "1714608000": None,
    "17146.5::double": None,
    "time '12:00'": None,
    "interval '1 day'": None,
    "true": None,
    "'x'::blob": None,
    "[timestamp '2024-05-02']": None,
    "'a'::enum('a')": None,
    "null": 0,
}


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_times_of_every_type(time: str, zone: str, joins: Joins):
    expected = TIMES[time]
    spine = f"select 7::bigint as k, {time} as t"
    with duckdb.connect() as connection:
        joins = dataclasses.replace(joins, connection=connection)
        connection.execute(f"set timezone = '{zone}'")
        connection.execute(
            "create table f as select 7::bigint as k, day::timestamp as feature_time, v, day as "
            "known_at from (values (date '2024-05-01', 1), (date '2024-05-02', 2)) as given(day, v)"
        )
        if expected is None:
            with pytest.raises(duckdb.InvalidInputException, match=r"time column t (is|has)"):
                joins.rows(spine, "f")
        else:
            assert (joins.rows(spine, "f")[0][-1] or 0) == expected
        if "300000" not in time:
            assert (expected is None) == bool(joins.error(spine, "bigint"))


def test_names_that_are_keywords(joins):
    """Keys, times and features are quoted, in a list, in a mapping and in a prefix."""
    joins.connection.execute(
        'create or replace table odd as select 7 as "group", \'x\' as "or""der", '
        'timestamp \'2024-05-01\' as feature_time, 1 as "select", 2 as "a b", null as known_at'
    )
    spine = '(select 7 as "group", \'x\' as "my key", timestamp \'2024-05-02\' as "end")'
    entity = {"group": "group", 'or"der': "my key"}
    given = {"features": Relation("odd", "odd one"), "entity": entity}
    for chosen, names in (
        ({"select": ["select", "a b"]}, ["select", "a b"]),
        ({}, ["select", "a b"]),
    ):
        for prefix in ("", "end_"):
            sql = joins.macros.point_in_time_join(
                spine, [{**given, **chosen, "prefix": prefix}], time="end"
            )
            found = joins.connection.execute(sql)
            assert [column[0] for column in found.description][3:] == [prefix + n for n in names]
            assert found.fetchall()[0][3:] == (1, 2)


@pytest.mark.parametrize("name", ["order", "spine", "checked_types"])
def test_tables_and_columns_may_have_names_of_the_join(name, joins):
    """Words of SQL, and what the join calls its own parts."""
    joins.connection.execute(
        f'create or replace table main."{name}" as select 7 as k, 1 as v, '
        "timestamp '2024-05-01' as feature_time, null as known_at"
    )
    spine = "(select 7 as k, false as is_ok, timestamp '2024-05-02' as t)"
    view = {"features": Relation(f'main."{name}"', name), "entity": ["k"]}
    found = joins.connection.execute(joins.macros.point_in_time_join(spine, [view], time="t"))
    assert [column[0] for column in found.description] == ["k", "is_ok", "t", "v"]
    assert [(row[1], row[3]) for row in found.fetchall()] == [(False, 1)]


def test_splits_and_encodings_take_types_of_one_text(macros: ProjectMacros):
    """As a text a double 7.0 is another entity, and another category, than an integer 7."""
    with duckdb.connect() as connection:
        connection.execute("create table rows as select 7 as k, 7 as x, 'train' as split")
        fitted = macros.fitted_statistics("rows", numeric=["k"], categorical=["x"])
        connection.execute(f"create table fitted as {fitted}")
        calls = {
            "hash_split": macros.hash_split(["x"]),
            "ordinal": macros.ordinal("x", "fitted"),
            "one_hot": macros.one_hot("x", "fitted"),
            "imputed": macros.imputed("x", "fitted", "most_frequent"),
        }
        for name, sql in calls.items():
            same = "select '7'::{} as x"
            found = {
                str(connection.execute(f"select {sql} from ({same.format(kind)})").fetchall())
                for kind in ("tinyint", "hugeint", "varchar", "enum('7')", "decimal(9,0)")
                if name == "hash_split" or "decimal" not in kind
            }
            assert len(found) == 1, (name, found)
            for value in ("7::double", "7.0", "now()", "'7'::blob", "interval 7 day"):
                with pytest.raises(duckdb.InvalidInputException, match=f"{name}: column x"):
                    connection.execute(f"select {sql} from (select {value} as x)").fetchall()
        for name in ("standardized", "imputed"):
            sql = getattr(macros, name)("k", "fitted")
            assert connection.execute(f"select {sql} from (select 7.0 as k)").fetchall()
            with pytest.raises(duckdb.InvalidInputException, match=f"{name}: column k"):
                connection.execute(f"select {sql} from (select '7' as k)").fetchall()
