"""Tests of Redis keys: alike in Python and in SQL, unambiguous, in one Cluster slot an entity."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.crc import key_slot

from feature_store.errors import FeatureStoreError
from feature_store.online.layout.keys import KeySpace
from feature_store.registry.definitions import FeatureView
from support.projects.tiny_store import TinyStore, View

pytestmark = pytest.mark.unit

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
#: Text in which keys' own syntax is frequent.
SYNTAX = st.text("ab%|{}:27C5D3A ", max_size=8)
IDS: dict[str, st.SearchStrategy[Any]] = {
    "varchar": TEXT | SYNTAX,
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "hugeint": st.integers(-(2**127), 2**127 - 1),
    "utinyint": st.integers(0, 255),
    "date": st.dates(),
    "timestamp": st.datetimes(allow_imaginary=False),
    "boolean": st.booleans(),
    "uuid": st.uuids(),
}
KEYS = KeySpace("fs")
FEW = settings(max_examples=60, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


@pytest.fixture(scope="module")
def view_of(tmp_path_factory: pytest.TempPathFactory):
    """Return a function that makes a feature view with given keys."""

    def make(**entity: str) -> FeatureView:
        view = View("things", entity, {"value": "integer"})
        return TinyStore(tmp_path_factory.mktemp("keys"), [view]).view(view)

    return make


@pytest.fixture(scope="module")
def all_types(view_of) -> FeatureView:
    """Return a view whose composite key has a column of each type."""
    return view_of(**{f"id_{n}": data_type for n, data_type in enumerate(IDS)})


@pytest.fixture(scope="module")
def two_texts(view_of) -> FeatureView:
    return view_of(first="varchar", second="varchar")


@pytest.fixture(scope="module")
def three_views(tmp_path_factory: pytest.TempPathFactory) -> list[FeatureView]:
    """Return two versions of a view, and another, of the same entity."""
    things = [
        View("things", {"thing_id": "varchar"}, {"a": "integer"}, version, 2) for version in (1, 2)
    ]
    others = View("others", {"thing_id": "varchar"}, {"a": "integer"})
    return TinyStore(tmp_path_factory.mktemp("slots"), [*things, others]).definitions.views


def sql_key(connection: duckdb.DuckDBPyConnection, view: FeatureView, ids: tuple[Any, ...]) -> str:
    columns = ", ".join(f"cast(? as {key.data_type}) as {key.name}" for key in view.entity)
    query = f"select {KEYS.entity_sql(view)} from (select {columns})"
    return connection.execute(query, list(ids)).fetchall()[0][0]


@FEW
@given(ids=st.tuples(*IDS.values()))
def test_python_and_sql_make_the_same_key(connection, all_types, ids):
    assert KEYS.entity(all_types, ids) == sql_key(connection, all_types, ids)


@FEW
@given(one=st.tuples(SYNTAX, SYNTAX), other=st.tuples(SYNTAX, SYNTAX))
def test_different_ids_have_different_keys(two_texts, one, other):
    same = KEYS.entity(two_texts, one) == KEYS.entity(two_texts, other)
    assert same == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a|b", "c"), ("a", "b|c")),
        (("a", "b}:x{"), ("a}:x{", "b")),
        (("%7C", ""), ("|", "")),
        (("a%7Cb", "c"), ("a|b", "c")),
        (("", "a"), ("a", "")),
        (("|", ""), ("", "|")),
    ],
)
def test_ids_with_separators_never_meet(connection, two_texts, one, other):
    assert KEYS.entity(two_texts, one) != KEYS.entity(two_texts, other)
    for ids in (one, other):
        assert KEYS.entity(two_texts, ids) == sql_key(connection, two_texts, ids)


def test_numbers_side_by_side_never_meet(view_of):
    view = view_of(customer_id="bigint", store_id="bigint")
    keys = [KEYS.entity(view, ids) for ids in ((1, 23), (12, 3))]
    assert keys == ["fs:{customer|store:1|23}:things:v1", "fs:{customer|store:12|3}:things:v1"]


@FEW
@given(ids=st.tuples(TEXT | SYNTAX))
def test_all_views_of_an_entity_are_in_one_slot(three_views, ids):
    slots = {key_slot(KeySpace("fs:prod").entity(view, ids).encode()) for view in three_views}
    assert len(slots) == 1


@pytest.mark.parametrize(
    ("data_type", "values", "tail"),
    [
        ("bigint", [7, "7", "+7", "007", np.int64(7), np.uint8(7), pd.Series([7]).iloc[0]], "7"),
        ("varchar", ["7", 7, np.str_("7"), np.int32(7)], "7"),
        ("boolean", [True, "true", "True", np.True_], "true"),
        ("date", [date(2020, 1, 2), "2020-01-02", datetime(2020, 1, 2)], "2020-01-02"),
        ("date", [pd.Timestamp("2020-01-02"), np.datetime64("2020-01-02")], "2020-01-02"),
        (
            "timestamp",
            [
                datetime(2020, 1, 2, 3, 4, 5, 500000),
                datetime(2020, 1, 2, 3, 4, 5, 500000, tzinfo=UTC),
                "2020-01-02 05:04:05.5+02:00",
                pd.Timestamp("2020-01-02 03:04:05.5"),
                np.datetime64("2020-01-02T03:04:05.500"),
            ],
            "2020-01-02T03%3A04%3A05.5Z",
        ),
        (
            "uuid",
            [UUID(int=255), str(UUID(int=255)).upper()],
            "00000000-0000-0000-0000-0000000000ff",
        ),
    ],
)
def test_equal_ids_have_one_key_in_every_form(connection, view_of, data_type, values, tail):
    view = view_of(thing_id=data_type)
    assert {KEYS.entity(view, [value]) for value in values} == {f"fs:{{thing:{tail}}}:things:v1"}
    assert sql_key(connection, view, (values[0],)) == f"fs:{{thing:{tail}}}:things:v1"


@pytest.mark.parametrize(
    ("data_type", "value"),
    [
        *(("bigint", value) for value in ("abc", "1_000", " 7", "٣", "7.0", 7.0, True, "", [7])),
        *(("varchar", value) for value in (7.5, b"7", True, "\ud800")),
        ("boolean", 1),
        ("date", "yesterday"),
        ("date", datetime(2020, 1, 2, 3)),
        ("timestamp", "noon"),
        ("uuid", "7"),
    ],
)
def test_an_id_of_another_type_is_refused(view_of, data_type, value):
    with pytest.raises(FeatureStoreError) as caught:
        KEYS.entity(view_of(thing_id=data_type), [value])
    assert caught.value.what == f"thing_id is {value!r}"
    assert caught.value.allowed == data_type
    assert caught.value.next_step


@pytest.mark.parametrize("data_type", ["double", "decimal(9,2)", "integer[]", "blob", "nosuch"])
def test_a_key_of_a_type_without_one_text_is_refused(view_of, data_type):
    view = view_of(thing_id="bigint")
    key = type(view.entity[0])("thing_id", data_type, "")
    bad = type(view)(**{**vars(view), "entity": (key,)})
    with pytest.raises(FeatureStoreError, match="cannot be part of an online key"):
        KEYS.entity_sql(bad)
    with pytest.raises(FeatureStoreError, match="cannot be part of an online key"):
        KEYS.entity(bad, ["1"])


@pytest.mark.parametrize("prefix", ["fs", "team:prod", "a.b_c-1"])
def test_plain_prefixes_are_accepted(prefix):
    KeySpace(prefix)


@pytest.mark.parametrize("prefix", ["", "{fs}", "f s", "fs*", "fs\n", "it's"])
def test_a_prefix_that_would_break_the_keys_is_refused(prefix):
    with pytest.raises(FeatureStoreError, match="FEATURE_STORE_PREFIX"):
        KeySpace(prefix)
