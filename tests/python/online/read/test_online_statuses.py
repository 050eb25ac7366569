"""Tests of the statuses of online features, and of the arguments of a read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from feature_store import FeatureStore, FeatureStoreError
from support.projects.customers_store import PROFILE, PURCHASES
from support.projects.tiny_store import TinyStore
from support.servers.redis_server import RedisServer, assert_clear

pytestmark = pytest.mark.slow

#: The feature time of every row of the customers.
TIME = datetime(2026, 1, 2, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ORDERS, SPEND = "customer_purchases:v1:orders_28d", "customer_purchases:v1:spend_28d"
NAME = "customer_profile:name"
THREE = [{"customer_id": 1}, {"customer_id": 2}, {"customer_id": 404}]


def test_every_status(store: FeatureStore):
    result = store.get_online_features(THREE, [ORDERS, SPEND, NAME])
    assert result.statuses == [
        {ORDERS: "present", SPEND: "present", NAME: "present"},
        {ORDERS: "present", SPEND: "null", NAME: "not_found"},
        {ORDERS: "not_found", SPEND: "not_found", NAME: "not_found"},
    ]
    assert [row[ORDERS] for row in result.rows] == [3, 0, None]
    assert [row[SPEND] for row in result.rows] == [Decimal("10.50"), None, None]
    assert result.feature_times[2] == {PURCHASES.label: None, PROFILE.label: None}
    old = store.get_online_features(
        THREE, [ORDERS, SPEND, NAME], max_age={"customer_purchases": "1d"}, at="2026-02-01"
    )
    assert old.statuses == [
        {ORDERS: "outside_max_age", SPEND: "outside_max_age", NAME: "present"},
        {ORDERS: "outside_max_age", SPEND: "outside_max_age", NAME: "not_found"},
        {ORDERS: "not_found", SPEND: "not_found", NAME: "not_found"},
    ]
    assert [row[ORDERS] for row in old.rows] == [None, None, None]
    assert old.feature_times == result.feature_times
    assert old.feature_times[0] == {PURCHASES.label: TIME, PROFILE.label: TIME}


@pytest.mark.parametrize(
    ("age", "is_there"),
    [
        (timedelta(days=28) - MICROSECOND, True),
        (timedelta(days=28), True),
        (timedelta(days=28) + MICROSECOND, False),
    ],
)
@pytest.mark.parametrize(
    "given",
    [
        lambda at: at,
        lambda at: at.replace(tzinfo=None),
        lambda at: at.isoformat(),
        lambda at: pd.Timestamp(at).tz_convert("America/New_York"),
    ],
)
def test_exactly_at_max_age_a_row_still_counts(
    store: FeatureStore, age: timedelta, is_there: bool, given: Callable[[datetime], Any]
):
    """As in the point-in-time join, whose test has the same three ages."""
    result = store.get_online_features(THREE[:1], [ORDERS], max_age="28d", at=given(TIME + age))
    assert result.rows[0][ORDERS] == (3 if is_there else None)
    assert result.statuses[0][ORDERS] == ("present" if is_there else "outside_max_age")


def test_max_age_counts_from_now(store: FeatureStore):
    days = (datetime.now(UTC) - TIME).days
    for age, status in ((days + 2, "present"), (days - 2, "outside_max_age")):
        result = store.get_online_features(THREE[:1], [ORDERS], max_age=f"{age}d")
        assert result.statuses[0][ORDERS] == status
    result = store.get_online_features(THREE[:1], [ORDERS], max_age=f"{10**6}d", at="0001-01-01")
    assert result.statuses[0][ORDERS] == "present"


def test_statuses_as_columns(store: FeatureStore):
    result = store.get_online_features(THREE[1:], [ORDERS, SPEND])
    assert result.to_dict(statuses=True) == {
        "customer_id": [2, 404],
        ORDERS: [0, None],
        f"{ORDERS}:status": ["present", "not_found"],
        SPEND: [None, None],
        f"{SPEND}:status": ["null", "not_found"],
    }
    assert [*result.to_dict()] == ["customer_id", ORDERS, SPEND]
    frame = result.to_pandas(statuses=True)
    assert list(frame.columns) == [*result.to_dict(statuses=True)]
    assert list(frame[f"{ORDERS}:status"]) == ["present", "not_found"]


@pytest.mark.parametrize("make", [pd.DataFrame, pa.Table.from_pylist])
def test_entities_as_a_table(store: FeatureStore, make: Callable[[Any], Any]):
    entities = [{"customer_id": n, "store": "Nord", "row": "kept"} for n in (1, 2)]
    requested = ["affinity:share", NAME]
    result = store.get_online_features(make(entities), requested)
    assert result == store.get_online_features(entities, requested)
    assert result.rows[0] == {**entities[0], "affinity:share": 0.75, NAME: "Zoë"}


def test_entities_that_change_afterwards(store: FeatureStore):
    entities = [{"customer_id": 1}]
    result = store.get_online_features(entities, [ORDERS])
    entities[0]["customer_id"] = 2
    entities.clear()
    assert result.rows == [{"customer_id": 1, ORDERS: 3}]


def test_a_feature_service(tiny: TinyStore, store: FeatureStore, server: RedisServer):
    exposure = {
        "name": "churn",
        "depends_on": {"nodes": [PURCHASES.ids[0], PROFILE.ids[0]]},
        "config": {"meta": {"features": ["customer_purchases:spend_28d", NAME]}},
    }
    store.definitions.manifest["exposures"] = {"exposure.tiny.churn": exposure}
    result = store.get_online_features(THREE[:1], "churn")
    pinned = "customer_profile:v1:name"
    assert result.rows == [{"customer_id": 1, SPEND: Decimal("10.50"), pinned: "Zoë"}]
    with pytest.raises(FeatureStoreError, match=r"no feature service 'chrun'\nAllowed: .*churn"):
        store.get_online_features(THREE[:1], "chrun")


BAD_ARGUMENTS = {
    "no entities": ({"entities": None}, "entities is None\nAllowed: a list with one mapping"),
    "one entity": ({"entities": {"customer_id": 1}}, "entities is one mapping"),
    "a text": ({"entities": "customer_id"}, "entities is 'customer_id'"),
    "a number": ({"entities": 7}, "entities is 7"),
    "numbers": ({"entities": [1]}, "entity 0: 1\nAllowed: a list with one mapping an entity"),
    "twins": ({"entities": pd.DataFrame([[1, 2]], columns=["a", "a"])}, "a column occurs twice: a"),
    "no features": ({"features": None}, "features is None\nAllowed: a list of view:feature"),
    "nothing": ({"features": []}, "no features are requested"),
    "no text": ({"features": [None]}, "features has None\nAllowed: a list of view:feature"),
    "a list in it": ({"features": [["customer_profile"]]}, "features has ['customer_profile']"),
    "a reference": ({"features": NAME}, f"features is the text {NAME!r}"),
    "a view": ({"features": "customer_profile"}, "Next: pass ['customer_profile']"),
    "max_age": ({"max_age": 28}, "max_age: 28 is not a duration\nAllowed: a duration such as 28d"),
    "a duration": ({"max_age": "28 days"}, "duration '28 days'"),
    "a view's age": ({"max_age": {"affinity": "1d"}}, "no features of 'affinity' are requested"),
    "at": ({"at": "soon"}, "at: 'soon' is not a valid time"),
    "a date": ({"at": date(2026, 1, 1)}, "at: datetime.date(2026, 1, 1) is not a valid time"),
    "no time": ({"at": pd.NaT}, "at: NaT is not a valid time"),
}


@pytest.mark.parametrize("name", BAD_ARGUMENTS)
def test_arguments_that_are_refused(store: FeatureStore, name: str):
    given, message = BAD_ARGUMENTS[name]
    with pytest.raises(FeatureStoreError) as caught:
        store.get_online_features(**{"entities": THREE, "features": [NAME], **given})
    assert message in str(caught.value)


def test_the_command_line_tells_them_apart(tiny: TinyStore, server: RedisServer):
    def printed(customer: str, *options: str) -> str:
        options = ("--feature", "customer_purchases:v1", "--feature", NAME, *options)
        done = tiny.run_script("get_features.py", server.unix_url, "customer", customer, *options)
        assert (done.returncode, done.stderr) == (0, "")
        return " ".join(done.stdout.replace("│", "").split())

    assert f"{SPEND} null 2026-01-02 00:00" in printed("2")
    assert f"{NAME} Zoë 2026-01-02 00:00" in printed("1")
    assert f"{NAME} no row" in printed("2")
    old = printed("1", "--max-age", "1d", "--at", "2026-01-04")
    assert f"{ORDERS} too old 2026-01-02 00:00" in old
    assert '"customer_profile:name": "not_found"' in printed("2", "--json")
    done = tiny.run_script(
        "get_features.py", server.unix_url, "customer", "1", "--max-age", "1d", "--at", "then"
    )
    assert_clear(done, "--at: 'then' is not a valid time")
