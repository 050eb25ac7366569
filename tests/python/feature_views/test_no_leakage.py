"""No training row depends on events at or after its label time.

For each label time everything that happens at or after it is altered, moved, deleted and added to;
the shop's features are built again from that, and the training rows of that time must be bit for
bit those of before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import pytest

from support.projects.changed_future import Shop, open_shop

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def opened() -> Iterator[Shop]:
    """Return the shop's events, feature SQL, labels and training sets."""
    shop = open_shop()
    yield shop
    shop.connection.close()


@pytest.fixture
def shop(opened: Shop) -> Shop:
    opened.restore()
    return opened


def label_times(shop: Shop, labels: str, count: int) -> list[datetime]:
    """Return some label times, the first and last one among them."""
    found = shop.connection.execute(
        f"select distinct label_time from training.{labels} order by label_time"
    ).fetchall()
    times = [row[0] for row in found]
    return [times[n * (len(times) - 1) // (count - 1)] for n in range(count)]


def times_with_leakage(
    shop: Shop, join: str, times: list[datetime], features: Mapping[str, str] | None = None
) -> list[datetime]:
    """Return the label times whose rows change if the events from then on change."""
    shop.restore()
    shop.build(features)
    before = {time: shop.rows(join, time) for time in times}
    changed = []
    for time in times:
        assert before[time].num_rows > 0
        shop.change_future(time)
        shop.build(features)
        if not shop.rows(join, time).equals(before[time]):
            changed.append(time)
    return changed


@pytest.mark.parametrize(
    ("join", "labels", "count"),
    [("churn", "churn_labels", 4), ("coupon", "coupon_labels", 4), ("moments", "moments", 6)],
)
def test_no_row_sees_its_future(join: str, labels: str, count: int, shop: Shop):
    assert times_with_leakage(shop, join, label_times(shop, labels, count)) == []


def test_labels_name_customers_by_their_past(shop: Shop):
    """The customer and store of a label are known at its time; the outcome is not."""
    keys = (
        "select customer_id, store_id, label_time from ({}) where label_time = $time order by all"
    )
    outcome = keys.replace("store_id", "is_churned")
    sql = shop.labels["churn_labels"]
    outcomes_changed = 0
    for time in label_times(shop, "churn_labels", 4):
        shop.restore()
        before, labels = (
            shop.connection.execute(query.format(sql), {"time": time}).fetchall()
            for query in (keys, outcome)
        )
        shop.change_future(time)
        after, labels_after = (
            shop.connection.execute(query.format(sql), {"time": time}).fetchall()
            for query in (keys, outcome)
        )
        assert before == after != []
        outcomes_changed += labels != labels_after
    assert outcomes_changed > 0


def test_a_join_that_looks_ahead_is_found(shop: Shop):
    """The same check fails for a join that takes the row of a day later."""
    for join in ("churn", "coupon", "moments"):
        label_time = r"cast\((given\.)?label_time as timestamp\)"
        leaking, count = re.subn(label_time, r"\g<0> + interval 1 day", shop.joins[join])
        assert count == 1
        shop.joins["leaking"] = leaking
        labels = "moments" if join == "moments" else f"{join}_labels"
        times = label_times(shop, labels, 2)
        assert times_with_leakage(shop, "leaking", times) == times


def a_grain_early(sql: str) -> str:
    """Return feature SQL whose rows stand before the grain whose events they hold."""
    return f"select * replace (feature_time - interval 1 hour as feature_time) from ({sql})"


def at_its_time(sql: str) -> str:
    """Return feature SQL with ``event_time <= T`` for ``event_time < T``."""
    early = "(select * replace (ordered_at - interval 1 microsecond as ordered_at) from {})"
    leaking = re.sub(r'"\w+"."cleaned"."order_lines"', lambda found: early.format(found[0]), sql)
    assert leaking != sql
    return leaking


@pytest.mark.parametrize("leak", [a_grain_early, at_its_time])
def test_features_that_look_ahead_are_found(leak: Callable[[str], str], shop: Shop):
    """The same check fails where one of the views is built with a leak, at full hours too."""
    name = "customer_velocity_v1"
    leaking = {**shop.features, name: leak(shop.features[name])}
    times = [time for time in label_times(shop, "moments", 6) if time.minute == 0]
    assert times_with_leakage(shop, "moments", times, leaking) == times != []
