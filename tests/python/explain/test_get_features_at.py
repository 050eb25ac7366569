"""``features_at`` on the sample, and the scripts get_features_at.py and explain_feature.py."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import duckdb
import pytest

from feature_store.errors import FeatureStoreError
from feature_store.explain import FeatureAt, features_at
from feature_store.settings import Settings
from feature_store.times import read_time
from feature_store.warehouse.connection import connect
from support.errors import raises
from support.servers.redis_server import assert_clear, output_of, run_script, script_environment

pytestmark = pytest.mark.slow

JUNE = datetime(2017, 6, 15)
CUSTOMER = {"customer_id": 1}
SPEND = "customer_purchases:spend_28d"


@pytest.fixture(scope="module")
def connection(sample: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(sample.warehouse_path) as opened:
        yield opened


@pytest.fixture
def features(definitions, connection) -> Callable[..., list[FeatureAt]]:
    return partial(features_at, definitions, connection)


def test_all_features_of_the_latest_versions(definitions, features):
    rows = features(CUSTOMER, JUNE)
    views = [definitions.view(v.name) for v in definitions.views if v.is_latest]
    views = [view for view in views if [key.name for key in view.entity] == ["customer_id"]]
    assert [row.reference for row in rows] == [
        f"{view.name}:{feature.name}" for view in views for feature in view.features
    ]
    assert {row.view for row in rows} >= {"customer_purchases:v2", "customer_velocity:v1"}


def test_recomputed_is_the_last_row_of_the_table(connection, features):
    """At the time of a row, 1 µs before and after it, and where nothing happened for months."""
    rows = connection.execute(
        "select feature_time, spend_28d, orders_7d from features.customer_purchases_v1 "
        "where customer_id = 1 order by feature_time"
    ).fetchall()
    tick = timedelta(microseconds=1)
    times = [row[0] + step for row in rows for step in (-tick, 0 * tick, tick)]
    for at in [*times[::7], rows[-1][0] + timedelta(days=300)]:
        latest = [row for row in rows if row[0] <= at][-1:] or [(None, None, None)]
        found = features(
            CUSTOMER,
            at,
            ["customer_purchases:v1:spend_28d", "customer_purchases:v1:orders_7d"],
        )
        assert [row.recomputed for row in found] == list(latest[0][1:])
        time = latest[0][0].replace(tzinfo=UTC) if latest[0][0] else None
        assert {row.feature_time for row in found} == {time}


def test_served_is_what_the_snapshot_holds(connection, features):
    cursor = connection.execute(
        "select * from snapshots.served_customer_purchases_v2 where customer_id = 1 "
        "order by dbt_valid_from"
    )
    names = [column[0] for column in cursor.description]
    versions = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for version in versions:
        rows = features(CUSTOMER, version["dbt_valid_from"], ["customer_purchases"])
        assert {row.served_from for row in rows} == {version["dbt_valid_from"].replace(tzinfo=UTC)}
        assert [row.served for row in rows] == [
            version[row.reference.split(":")[1]] for row in rows
        ]
    before = versions[0]["dbt_valid_from"] - timedelta(microseconds=1)
    rows = features(CUSTOMER, before, ["customer_purchases"])
    assert {(row.served, row.served_from, row.status) for row in rows} == {
        (None, None, "not served")
    }


@pytest.mark.parametrize(
    ("entity", "references", "words"),
    [
        ({"client_id": 1}, None, ["no feature view has the entity client_id", "customer_id"]),
        ({"customer_id": "x"}, None, ["customer_id is 'x'", "bigint"]),
        (CUSTOMER, ["customer_purchases:spent"], ["has no feature 'spent'", "spend_28d"]),
        (CUSTOMER, ["store_traffic"], ["entity with customer_id", "store_traffic:v1 is read by"]),
    ],
)
def test_errors(entity, references, words, features):
    with raises(*words):
        features(entity, JUNE, references)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2017-06-15", JUNE),
        ("2017-06-15 13:00", JUNE + timedelta(hours=13)),
        ("2017-06-15T13:00:00.000001Z", JUNE + timedelta(hours=13, microseconds=1)),
        ("2017-06-15T00:00:00.0000000", JUNE),
        ("2017-06-15T02:00:00+02:00", JUNE),
    ],
)
def test_times(text: str, time: datetime) -> None:
    assert read_time("--at", text) == time.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "soon", "2017-06-31", "15.06.2017", "1029", "0001-01-01T00:00:00+02:00"]
)
def test_invalid_times(text: str) -> None:
    with pytest.raises(FeatureStoreError, match=r"--at: .* is not a valid time"):
        read_time("--at", text)


@pytest.mark.parametrize("text", ["2017-06-15T13:00:00.0000001Z", "20170615 130000,123456700001"])
def test_a_time_finer_than_microseconds(text: str) -> None:
    with pytest.raises(FeatureStoreError, match=r"--at: .* has parts of a microsecond"):
        read_time("--at", text)


def script(name: str, *arguments: str) -> Any:
    return run_script(name, *arguments, environment=script_environment())


def test_the_script_shows_both_modes(features):
    rows = features(CUSTOMER, datetime(2017, 6, 15))
    lines = output_of("get_features_at.py", "customer", "1", "--at", "2017-06-15").splitlines()
    assert lines[0] == "customer 1"
    assert lines[1].split("  ")[1] == "feature"
    spend = next(row for row in rows if row.reference == SPEND).recomputed
    (line,) = [line for line in lines if line.split()[:1] == [SPEND]]
    assert re.split(r"\s{2,}", line.strip()) == [
        SPEND,
        str(spend),
        "not served",
        "2017-06-15 00:00",
    ]
    count = len(rows)
    assert lines[-1] == (
        f"{count} features at 2017-06-15 00:00 UTC: 0 the same, 0 differ (≠), {count} not served"
    )


def test_the_script_marks_what_differs() -> None:
    """Long after the last event the table has decayed; what is served is of the end of the data."""
    feature = "customer_velocity:spend_7d"
    arguments = ("get_features_at.py", "customer", "1", "--at", "2099-01-01", "--feature", feature)
    lines = output_of(*arguments).splitlines()
    (line,) = [line for line in lines if feature in line]
    assert re.split(r"\s{2,}", line.strip())[1:3] == ["0.00", "≠"]
    assert lines[-1] == "1 feature at 2099-01-01 00:00 UTC: 0 the same, 1 differ (≠)"
    (result,) = json.loads(output_of(*arguments, "--json"))
    expected = {"reference": feature, "status": "differs", "recomputed": "0.00"}
    assert result | expected == result
    assert result["feature_time"].endswith("Z")


def test_the_script_explains_a_value() -> None:
    arguments = ("explain_feature.py", "customer", "1", SPEND, "--at", "2017-06-15")
    text = output_of(*arguments, "--limit", "3")
    result = json.loads(output_of(*arguments, "--json", "--limit", "100000"))
    assert result["is_confirmed"] is True
    (contribution,) = result["contributions"]
    assert contribution["row_count"] == len(contribution["rows"]) > 3
    raw = contribution["raw_rows"]['"raw"."transactions"']
    total = sum(float(row["paid_amount"]) for row in contribution["rows"])
    assert f"{total:.2f}" == result["value"]
    assert text.startswith(f"{SPEND} of customer_id 1 at 2017-06-15 00:00 UTC\n")
    for line in [
        f"value         {result['value']}",
        f"recomputed    {result['value']} from the rows below alone: the same",
        "definition    sum(paid_amount)",
        "window        28d: 2017-05-18 00:00 <= event time < 2017-06-15 00:00",
        f"… and {contribution['row_count'] - 3} more (--limit)",
        'as received, in "raw"."transactions"',
        f"file 1: {raw[0]['_source_file']}, batch {raw[0]['_batch_id']}",
    ]:
        assert f"  {line}\n" in text or f"\n{line}\n" in text, line
    for row in raw[:3]:
        received = [str(row["basket_id"]), str(row["product_id"]), str(row["_source_row"])]
        assert any(set(received) <= set(line.split()) for line in text.splitlines()), received
    assert str(raw[3]["_source_row"]) not in text.split()


def test_the_script_explains_a_derived_value_by_its_parts() -> None:
    affinity = ("customer|store", "1|1", "customer_store_affinity:v1:spend_lifetime")
    done = script("explain_feature.py", *affinity, "--at", "2017-06-15T00:00")
    assert_clear(done, "has no row of this entity")
    assert "value         no row" in done.stdout
    average = ("customer", "1", "customer_purchases:average_order_28d")
    text = output_of("explain_feature.py", *average, "--at", "2017-06-15", "--limit", "0")
    assert "definition    spend_28d / nullif(orders_28d, 0)" in text
    assert "from its parts: the same" in text
    for part in ("spend", "orders"):
        assert f"\ncustomer_purchases:{part}_28d, which it is made from\n" in text


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"explain_feature customer 1 {SPEND} --at soon", ["--at: 'soon' is not a valid time"]),
        (f"explain_feature store 1 {SPEND} --at 2017-06-15", ["no entity 'store'"]),
        (
            "explain_feature customer 1 customer:x --at 2017-06-15",
            ["no feature view 'customer'", "near names"],
        ),
        (
            "get_features_at customer|store 1 --at 2017-06-15",
            ["id '1' has 1 part", "2: customer_id|store_id"],
        ),
        ("get_features_at custmer 1 --at 2017-06-15", ["no entity 'custmer'"]),
        (
            "get_features_at customer 999999999 --at 2017-06-15",
            ["there is no row of customer '999999999'"],
        ),
    ],
)
def test_script_errors(line: str, words: list[str]) -> None:
    name, *arguments = line.split()
    assert_clear(script(f"{name}.py", *arguments), *words)
