"""The bounds of the labels: a microsecond before and at each of them, on tiny tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import duckdb
import pytest

from support.paths import REPOSITORY
from support.projects.compiled_project import compiled_with, write_project

pytestmark = pytest.mark.slow

TRAINING = REPOSITORY / "models" / "training"
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
AHEAD = 28 * DAY
LABELS = ("churn_labels", "coupon_labels")


@pytest.fixture(scope="module")
def label_sql(tmp_path_factory: pytest.TempPathFactory) -> dict[str | None, dict[str, str]]:
    """Return the SQL of the label models, by the var as_of."""
    folder = tmp_path_factory.mktemp("labels") / "project"
    models = {name: (TRAINING / f"{name}.sql").read_text() for name in LABELS}
    inputs = ("order_lines", "campaign_exposures", "coupon_redemptions")
    write_project(folder, models | dict.fromkeys(inputs, "select 1 as customer_id"), {})
    given = [None, "2024-03-01 12:00:00"]
    answers = compiled_with(folder, [json.dumps({"as_of": as_of}) for as_of in given])
    return dict(zip(given, answers, strict=True))  # type: ignore[arg-type]


@pytest.fixture
def tiny() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a DuckDB with the tables that the labels are made from, empty."""
    with duckdb.connect() as connection:
        connection.execute(
            "set timezone = 'UTC'; "
            "create table order_lines (order_id bigint, customer_id bigint, store_id bigint, "
            "ordered_at timestamp); "
            "create table campaign_exposures (campaign_id bigint, customer_id bigint, "
            "campaign_type varchar, start_date date, end_date date, starts_at timestamp, "
            "ends_at timestamp); "
            "create table coupon_redemptions (customer_id bigint, campaign_id bigint, "
            "coupon_upc bigint, redemption_date date)"
        )
        yield connection


def add_orders(connection: duckdb.DuckDBPyConnection, *orders: tuple[int, int, datetime]) -> None:
    """Add orders of a customer in a store at a time, with keys that count up."""
    connection.executemany(
        "insert into order_lines values ((select count(*) from order_lines), ?, ?, ?)",
        [list(order) for order in orders],
    )


LABEL_TIME = datetime(2024, 2, 1)
#: Nobody's orders: they say when the data begin and end.
BEGIN, END = (99, 9, datetime(2024, 1, 10)), (99, 9, datetime(2024, 2, 28, 23))


@pytest.mark.parametrize(
    ("ordered_at", "expected"),
    [
        (LABEL_TIME - TICK, [True]),  # bought before, nothing after
        (LABEL_TIME, []),  # has not bought before
        (LABEL_TIME - DAY * 22, [True]),  # the data's first month
    ],
)
def test_customers_with_an_earlier_order_have_a_churn_label(ordered_at, expected, tiny, label_sql):
    add_orders(tiny, BEGIN, END, (1, 5, ordered_at))
    rows = tiny.execute(label_sql[None]["churn_labels"]).fetchall()
    assert [row for row in rows if row[0] == 1] == [(1, 5, is_, LABEL_TIME) for is_ in expected]


@pytest.mark.parametrize(
    ("ordered_at", "is_churned"),
    [
        (LABEL_TIME - TICK, True),
        (LABEL_TIME, False),
        (LABEL_TIME + TICK, False),
        (LABEL_TIME + AHEAD - TICK, False),
        (LABEL_TIME + AHEAD, True),
    ],
)
def test_bounds_of_the_28_days(ordered_at, is_churned, tiny, label_sql):
    add_orders(tiny, BEGIN, (1, 5, LABEL_TIME - DAY), (1, 6, ordered_at), (2, 5, END[2] + DAY))
    rows = tiny.execute(label_sql[None]["churn_labels"]).fetchall()
    store = 6 if ordered_at < LABEL_TIME else 5
    assert [row for row in rows if row[0] == 1] == [(1, store, is_churned, LABEL_TIME)]


@pytest.mark.parametrize(
    ("as_of", "last", "is_labelled"),
    [
        (None, LABEL_TIME + AHEAD - TICK, True),  # the data's last day ends with the 28 days
        (None, LABEL_TIME + 27 * DAY, True),
        (None, LABEL_TIME + 27 * DAY - TICK, False),
        ("2024-03-01 12:00:00", LABEL_TIME + 99 * DAY, True),
        ("2024-03-01 12:00:00", LABEL_TIME + 27 * DAY, True),
        ("2024-03-01 12:00:00", LABEL_TIME + 27 * DAY - TICK, False),  # as_of beyond the data
    ],
)
def test_only_month_ends_whose_28_days_are_over(as_of, last, is_labelled, tiny, label_sql):
    add_orders(tiny, BEGIN, (99, 9, last))
    rows = tiny.execute(label_sql[as_of]["churn_labels"]).fetchall()
    assert [row[3] for row in rows] == [LABEL_TIME] * is_labelled


def test_of_orders_at_one_moment_the_greater_key_gives_the_store(tiny, label_sql):
    """Of many customers, so that no luck helps; of half of them the greater key comes first."""
    add_orders(tiny, BEGIN, END)
    for customer in range(1, 61):
        keys = [10 * customer, 10 * customer + 1]
        for key in keys if customer % 2 else keys[::-1]:
            order = [key, customer, 5 + key % 10, LABEL_TIME - DAY]
            tiny.execute("insert into order_lines values (?, ?, ?, ?)", order)
    rows = tiny.execute(label_sql[None]["churn_labels"]).fetchall()
    assert [row[:2] for row in rows if row[0] != 99] == [(key, 6) for key in range(1, 61)]


@pytest.mark.parametrize(
    ("first", "last", "redeemed", "expected"),
    [
        (date(2024, 1, 10), date(2024, 1, 20), [date(2024, 1, 10)], [True]),
        (date(2024, 1, 10), date(2024, 1, 20), [date(2024, 1, 20)], [True]),
        (date(2024, 1, 10), date(2024, 1, 20), [date(2024, 1, 9), date(2024, 1, 21)], [False]),
        (date(2024, 1, 10), date(2024, 1, 20), [], [False]),
        # It begins with the data and ends with them, or a day beyond.
        (date(2024, 1, 5), date(2024, 1, 30), [], [False]),
        (date(2024, 1, 4), date(2024, 1, 30), [], []),
        (date(2024, 1, 5), date(2024, 1, 31), [], []),
    ],
)
def test_bounds_of_a_campaign(first, last, redeemed, expected, tiny, label_sql):
    """The campaign is of midnights in UTC; the data begin on 5 January and end with 30 January."""
    add_orders(tiny, (9, 9, datetime(2024, 1, 5)), (9, 9, datetime(2024, 1, 30, 23, 59, 59)))
    tiny.execute(
        "insert into campaign_exposures values (7, 1, 'Type A', ?, ?, ?, ?)",
        [first, last, first, last + DAY],
    )
    for day in redeemed:
        tiny.execute("insert into coupon_redemptions values (1, 7, 3, ?)", [day])
    # Others redeem, or this customer of another campaign: that is not this label's.
    tiny.execute(
        "insert into coupon_redemptions values (2, 7, 3, date '2024-01-15'), "
        "(1, 8, 3, date '2024-01-15')"
    )
    rows = tiny.execute(label_sql[None]["coupon_labels"]).fetchall()
    begins = datetime.combine(first, datetime.min.time())
    assert rows == [(7, 1, "Type A", has_redeemed, begins) for has_redeemed in expected]
