"""Small random event sets at the bounds of windows and grains, and their event table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from support.oracles.windowed_features import View, microseconds, timestamp
from support.projects.feature_view_declarations import EVENT_COLUMNS, Declaration

Event = dict[str, Any]

#: Every run uses the same examples, without limits on their time.
PROFILE = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# Times near which events are drawn: around the epoch, leap days, days on which clocks change.
AROUND = [
    datetime(1970, 1, 1),
    datetime(1969, 12, 24, 17),
    datetime(1901, 3, 1),
    datetime(2016, 2, 29),
    datetime(2017, 3, 12, 7),
    datetime(2017, 11, 5, 6),
    datetime(2017, 3, 26, 1),
    datetime(2024, 12, 31, 23),
]
LOADED = [datetime(2026, 11, day, 3, 4, 5, 678_901) for day in range(1, 6)]

KEYS = {
    "customer_id": st.sampled_from([1, 12, 1, 12, 123, None]),
    "store_id": st.sampled_from([23, 3, 2, None]),
    "shop": st.sampled_from(["a", "a|b", "b'c", 'd"e', "", " ", "ä, ö", None]),
}
VALUES = {
    "order_id": st.sampled_from([1, 2, 3, 2**53 + 1, None]),
    "product_id": st.sampled_from([1, 2, None]),
    "word": st.sampled_from(["a", "b", "B", "", "it's (a", "ä", None]),
    "quantity": st.sampled_from([0, 1, 2, 3, -1, 2**31 - 1, None]),
    "amount": st.one_of(
        st.sampled_from([Decimal("0.00"), Decimal("0.10"), Decimal("9999999999.99"), None]),
        st.integers(-1000, 1000).map(lambda cents: Decimal(cents) / 100),
    ),
    "price": st.one_of(
        st.sampled_from([0.0, -0.0, 0.1, 0.2, 0.3, 1e-9, 1e12, None]),
        st.integers(-(10**6), 10**6).map(lambda number: number / 9973),
    ),
    "is_gift": st.sampled_from([True, False, None]),
    "loaded_at": st.sampled_from(LOADED),
}


def instants(declaration: Declaration, around: datetime) -> st.SearchStrategy[datetime | None]:
    """Return event times at and beside the bounds of grains and windows, and some others, and none.

    They lie near the time ``around``.
    """
    view = View(declaration)
    grain = view.grain
    spans = [0, grain, *(window for window in view.windows if window)]
    origin = microseconds(around) // grain * grain
    steps = sorted({a * sign + b for a in spans for sign in (1, -1) for b in (0, grain, -grain)})
    near = st.builds(
        lambda step, inside: origin + step + inside,
        st.sampled_from(steps),
        st.sampled_from([0, -1, 1, grain // 2, grain - 1]),
    )
    anywhere = st.integers(origin - 2 * max(spans), origin + 2 * max(spans))
    instant = st.one_of([near] * 5 + [anywhere] * 2).map(timestamp)
    return st.one_of([instant] * 7 + [st.none()])


@st.composite
def event_sets(draw: st.DrawFn, declaration: Declaration, *, all_null: bool = False) -> list[Event]:
    """Draw up to a dozen events, with ties and exact duplicates, in any order.

    The grain and windows of the declaration decide which distances of time matter.
    """
    instant = instants(declaration, draw(st.sampled_from(AROUND)))
    values = {name: st.none() for name in VALUES} if all_null else VALUES
    values = {**values, "loaded_at": VALUES["loaded_at"]}
    fields = st.fixed_dictionaries({**KEYS, "time": instant, **values})
    drawn = draw(st.lists(fields, min_size=draw(st.sampled_from([0, 1, 4, 8])), max_size=10))
    events = [event(line, fields.pop("time"), **fields) for line, fields in enumerate(drawn)]
    again = draw(st.lists(st.sampled_from(events), max_size=3)) if events else []
    return draw(st.permutations(events + again))


def event(line: int, time: datetime | None, **fields: Any) -> Event:
    """Return an event of customer 1, with its time, in UTC, in each of the three types.

    ``line`` is a number that no other event has; columns that are not given are null.
    """
    return {
        **dict.fromkeys(EVENT_COLUMNS),
        "customer_id": 1,
        "store_id": 1,
        "loaded_at": LOADED[0],
        **fields,
        "line": line,
        "ordered_at": time,
        "ordered_at_zone": time.replace(tzinfo=UTC) if time else None,
        "ordered_on": time.date() if time else None,
    }


def write_events(
    connection: duckdb.DuckDBPyConnection, events: Sequence[Event], table: str = "events"
) -> None:
    """Make the table of events anew, with these rows in this order."""
    columns = ", ".join(f"{name} {sql_type}" for name, sql_type in EVENT_COLUMNS.items())
    connection.execute(f"create or replace table {table} ({columns})")
    lists = ", ".join(f"unnest(cast(? as {sql_type}[]))" for sql_type in EVENT_COLUMNS.values())
    connection.execute(
        f"insert into {table} select {lists}",
        [[event[name] for event in events] for name in EVENT_COLUMNS],
    )
