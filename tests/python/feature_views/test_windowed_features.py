"""The SQL of ``windowed_features`` and ``online_features`` compared with the oracle.

Each declaration is compiled by dbt itself; DuckDB runs the SQL on the events that hypothesis makes.
"""

from __future__ import annotations

import random
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.oracles.windowed_features import View, differences, microseconds, timestamp
from support.projects.compiled_project import Warehouse
from support.projects.feature_view_declarations import DECLARATIONS, EVENT_COLUMNS
from support.projects.feature_view_events import PROFILE, event, event_sets, write_events

pytestmark = pytest.mark.slow

WITHOUT_VALUES = [
    *("counts", "sums", "booleans_by_quarter_hour", "statistics", "lists", "empties"),
    "filtered_empties",
]


@pytest.fixture(scope="module", params=["positions", "frames"])
def warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Warehouse:
    """Return the warehouse in which the compiled SQL of every declaration runs, by either plan."""
    events = EVENT_COLUMNS if request.param == "positions" else None
    return Warehouse(tmp_path_factory.mktemp("views") / "project", DECLARATIONS, events)


def wrong(warehouse: Warehouse, name: str, events: list[dict[str, Any]]) -> list[str]:
    """Return the differences between the table of the events and its definition."""
    write_events(warehouse.connection, events)
    return differences(View(DECLARATIONS[name]).table(events), warehouse.table(name))


@pytest.mark.parametrize("name", DECLARATIONS)
@given(data=st.data())
@settings(PROFILE, max_examples=20)
def test_table_is_what_the_definition_says(name: str, warehouse: Warehouse, data: st.DataObject):
    assert wrong(warehouse, name, data.draw(event_sets(DECLARATIONS[name]))) == []


@pytest.mark.parametrize("name", WITHOUT_VALUES)
@given(data=st.data())
@settings(PROFILE, max_examples=10)
def test_windows_with_events_but_no_values_are_not_empty(
    name: str, warehouse: Warehouse, data: st.DataObject
):
    events = data.draw(event_sets(DECLARATIONS[name], all_null=True))
    assert wrong(warehouse, name, events) == []


def test_empty_is_the_value_where_no_event_passes_the_filter(warehouse: Warehouse):
    """A table calculated by hand: a purchase, then a refund of an unknown amount."""
    day = datetime(2024, 5, 1)
    times = {"purchase": day, "refund": day + timedelta(days=2, microseconds=-1)}
    events = [
        event(0, times["purchase"], quantity=1, amount=Decimal(5), order_id=7),
        event(1, times["refund"], quantity=2, amount=None, order_id=8, word="a"),
    ]
    write_events(warehouse.connection, events)
    columns = [
        f"{name}_bulk_{window}"
        for name in ("lines", "orders", "spend", "last_word")
        for window in ("1d", "7d", "lifetime")
    ]
    got = {
        (key[1] - day).days: [row[column] for column in columns]
        for key, row in warehouse.table("filtered_empties").items()
    }
    none = [*[-1] * 6, *[Decimal("-0.5")] * 3, *["none's"] * 3]
    # Of the refund the amount is not known: it passes the filter, and SQL's sum of it is null.
    assert got == {
        1: none,
        2: [1, 1, 1, 1, 1, 1, None, None, None, "a", "a", "a"],
        3: [-1, 1, 1, -1, 1, 1, Decimal("-0.5"), None, None, "none's", "a", "a"],
        8: [-1, 1, 1, -1, 1, 1, Decimal("-0.5"), None, None, "none's", "a", "a"],
        9: [-1, -1, 1, -1, -1, 1, Decimal("-0.5"), Decimal("-0.5"), None, "none's", "none's", "a"],
    }


@pytest.mark.parametrize("name", ["counts", "statistics", "filters", "own_windows", "derived"])
def test_only_a_filter_with_empty_costs_a_running_value(name: str, warehouse: Warehouse):
    assert "_passed_" not in warehouse.sql[name]
    filtered = warehouse.sql["filtered_empties"]
    running = len(re.findall(r" as _last_passed_", filtered))
    assert running == 3  # one a filter


@pytest.mark.parametrize("name", DECLARATIONS)
def test_events_at_every_bound_fall_on_the_right_side(name: str, warehouse: Warehouse):
    """Events at T, T - w and 1 µs to either side, for each window, before and after 1970."""
    view = View(DECLARATIONS[name])
    spans = [0, view.grain, *(window for window in view.windows if window)]
    offsets = [span + beside for span in spans for beside in (-1, 0, 1)]
    events = [
        # Each customer has an event at T and one that is a window, more or less, before it.
        event(line, timestamp(at), customer_id=customer, order_id=line % 3, amount=Decimal(line))
        for customer, offset in enumerate(offsets)
        for origin in (-400 * view.grain, 17_000 * view.grain)
        for line, at in enumerate((origin, origin - offset))
    ]
    assert wrong(warehouse, name, events) == []


def test_worked_example(warehouse: Warehouse):
    """A table calculated by hand: the SQL and the oracle must give it."""
    day = datetime(2017, 3, 12)
    loaded = [datetime(2026, 11, 1), datetime(2026, 11, 2), datetime(2026, 11, 3)]
    events = [
        event(0, day, order_id=1, amount=Decimal(5), loaded_at=loaded[1]),
        event(
            1, day - timedelta(microseconds=1), order_id=1, amount=Decimal(7), loaded_at=loaded[0]
        ),
        event(2, day + timedelta(days=2, hours=5), order_id=2, amount=None, loaded_at=loaded[2]),
    ]
    write_events(warehouse.connection, events)
    table = warehouse.table("derived")  # windows of 1d and 7d
    columns = ["lines_1d", "lines_7d", "orders_1d", "orders_7d", "spend_1d", "spend_7d", "known_at"]
    got = {
        (key[1] - day).days: [row[column] for column in columns]
        for key, row in sorted(table.items())
    }
    assert got == {
        0: [1, 1, 1, 1, 7, 7, loaded[0]],
        1: [1, 2, 1, 1, 5, 12, loaded[1]],
        2: [0, 2, 0, 1, 0, 12, loaded[1]],
        3: [1, 3, 1, 2, None, 12, loaded[2]],
        4: [0, 3, 0, 2, 0, 12, loaded[2]],
        7: [0, 2, 0, 2, 0, 5, loaded[2]],
        8: [0, 1, 0, 1, 0, None, loaded[2]],
        10: [0, 0, 0, 0, 0, 0, loaded[2]],
    }
    assert differences(View(DECLARATIONS["derived"]).table(events), table) == []


@pytest.mark.parametrize("name", ["counts", "derived", "own_lifetime", "by_second", "lists"])
@given(data=st.data())
@settings(PROFILE, max_examples=10)
def test_no_row_depends_on_later_events(name: str, warehouse: Warehouse, data: st.DataObject):
    """Events at or after a time change no row up to it, nor its ``known_at``."""
    events = data.draw(event_sets(DECLARATIONS[name]))
    times = [e["ordered_at"] for e in events if e["ordered_at"]]
    now = data.draw(st.sampled_from(times)) if times else timestamp(0)
    write_events(warehouse.connection, events)
    before = warehouse.table(name)
    past = [e for e in events if e["ordered_at"] is None or e["ordered_at"] < now]
    later = data.draw(event_sets(DECLARATIONS[name]))
    later = [e for e in later if e["ordered_at"] is None or e["ordered_at"] >= now]
    write_events(warehouse.connection, past + later)
    after = warehouse.table(name)
    assert {key: row for key, row in before.items() if key[-1] <= now} == {
        key: row for key, row in after.items() if key[-1] <= now
    }


def many_events() -> list[dict[str, Any]]:
    """Return 3,000 events of 50 customers over 60 days; many of them at the same time."""
    chance = random.Random(20_261_121)
    start = microseconds(datetime(2017, 2, 1))
    return [
        event(
            line,
            timestamp(start + chance.randrange(60 * 24) * 3_600_000_000),
            customer_id=chance.randrange(50),
            store_id=chance.choice([1, 12, 23, 3]),
            order_id=chance.randrange(50),
            word=chance.choice(["a", "b", None]),
            quantity=chance.randrange(5),
            amount=Decimal(chance.randrange(100_000)) / 100,
            price=chance.choice([None, chance.uniform(-100, 100)]),
            is_gift=chance.choice([True, False, None]),
            loaded_at=datetime(2026, 11, chance.randrange(1, 21)),
        )
        for line in range(3_000)
    ]


@pytest.mark.parametrize("name", ["sums", "by_six_hours", "composite_key"])
def test_neither_order_nor_threads_matter(name: str, warehouse: Warehouse):
    events = many_events()
    expected = View(DECLARATIONS[name]).table(events)
    assert len(expected) > 1_000
    try:
        for threads in (1, 4):
            random.Random(threads).shuffle(events)
            write_events(warehouse.connection, events)
            warehouse.connection.execute(f"set threads = {threads}")
            assert differences(expected, warehouse.table(name)) == []
    finally:
        warehouse.connection.execute("set threads = 1")


@pytest.mark.parametrize("name", DECLARATIONS)
def test_no_frame_ends_before_its_row(name: str, warehouse: Warehouse):
    """In DuckDB 2.0.0, such frames of large partitions were sometimes wrong with two threads."""
    frames = re.findall(r"(range|rows) between (.*?) and (current row|.*)", warehouse.sql[name])
    assert {end for _, _, end in frames} == {"current row"}


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
@given(data=st.data())
@settings(PROFILE, max_examples=15)
def test_time_zone_of_the_session_does_not_matter(
    zone: str, warehouse: Warehouse, data: st.DataObject
):
    events = data.draw(event_sets(DECLARATIONS["zoned_time_by_hour"]))
    warehouse.connection.execute(f"set timezone = '{zone}'")
    try:
        for name in ("zoned_time_by_hour", "date_by_hour", "extremes_by_hour"):
            assert wrong(warehouse, name, events) == []
    finally:
        warehouse.connection.execute("set timezone = 'UTC'")


@pytest.mark.parametrize(
    "name", ["by_six_hours", "mixed_key", "zoned_time", "date_as_time", "by_week"]
)
@given(data=st.data())
@settings(PROFILE, max_examples=15)
def test_online_view_is_the_latest_row_at_the_end_of_the_last_grain(
    name: str, warehouse: Warehouse, data: st.DataObject
):
    view = View(DECLARATIONS[name])
    events = data.draw(event_sets(DECLARATIONS[name]))
    write_events(warehouse.connection, events)
    times = [view.time(event) for event in events if event[view.event_time] is not None]
    as_of = (max(times, default=0) // view.grain + 1) * view.grain
    latest: dict[tuple[Any, ...], dict[str, Any]] = {}
    for key, history in view.histories(events).items():
        time = max(time for time in history.feature_times() if time <= as_of)
        latest[key] = {"feature_time": timestamp(time), **history.row(time)}
    assert differences(latest, warehouse.online(name)) == []
