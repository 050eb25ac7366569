"""Incremental feature views equal those built in full, after any changes of the events.

The statements are those that real dbt ran; they run here without it, on many more events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.oracles.windowed_features import View, differences, microseconds, timestamp
from support.projects.captured_statements import BATCH, Captured, Replay, captured_project
from support.projects.compiled_project import keyed, read_rows
from support.projects.feature_view_events import PROFILE, Event, event
from support.projects.incremental_batches import TIMES, histories, load_time
from support.projects.incremental_views import VIEWS, with_quoted
from support.projects.large_event_batches import load_batch

pytestmark = pytest.mark.slow

NEVER = 2**63


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Captured:
    """Return a project that real dbt has built."""
    return captured_project(tmp_path_factory.mktemp("incremental"))


@pytest.fixture(scope="module")
def replays(captured: Captured) -> Iterator[dict[str, Replay]]:
    """Return for each view a warehouse in which its statements run."""
    found = {name: captured.replay(name) for name in VIEWS}
    yield found
    for replay in found.values():
        replay.connection.close()


def first_changes(view: View, before: list[Event], after: list[Event]) -> dict[object, int]:
    """Return by entity the grain after whose begin rows may be rebuilt; -NEVER: all rows."""

    def of_entities(events: list[Event]) -> dict[object, list[Event]]:
        found: dict[object, list[Event]] = {}
        for one in events:
            key = tuple(one[column] for column in view.entity)
            if None not in key and one[view.event_time] is not None:
                found.setdefault(key, []).append(one)
        return found

    def bag(events: list[Event]) -> Counter[str]:
        return Counter(map(repr, events))

    was, now = of_entities(before), of_entities(after)
    loads = [one["loaded_at"] for events in was.values() for one in events if one["loaded_at"]]
    changes = {}
    for key in {*was, *now}:
        old, events = was.get(key, []), now.get(key, [])
        new = [
            one for one in events if loads and one["loaded_at"] and one["loaded_at"] > max(loads)
        ]
        if bag(old) == bag(events):
            changes[key] = NEVER
        elif old and bag(old) == bag(events) - bag(new):
            changes[key] = min(view.time(one) // view.grain for one in new)
        else:
            changes[key] = -NEVER
    return changes


def update(replay: Replay, before: list[Event], after: list[Event]) -> None:
    """Update a view; compare it with a full build, its definition, and rows that may not change."""
    view = View(VIEWS[replay.view])
    places = replay.row_ids()
    replay.load(after)
    replay.update()
    assert replay.tables() == replay.of_full_build()
    columns, rows = read_rows(replay.connection, f"from features.{replay.view}")
    assert columns == view.columns
    table = keyed(rows, [*view.entity, "feature_time"])
    assert differences(view.table(with_quoted(after)), table) == []

    changes = first_changes(view, before, after)

    def may_stay(row: tuple[object, ...]) -> bool:
        *key, time = row[: len(view.entity) + 1]
        return microseconds(time) // view.grain <= changes[tuple(key)]

    staying = {place: row for place, row in places.items() if may_stay(row)}
    assert staying == {place: row for place, row in replay.row_ids().items() if may_stay(row)}


def test_an_incremental_run_of_dbt_equals_a_full_one(captured: Captured):
    """The tables after a batch, removals and corrections equal those of a full build."""
    assert captured.incremental_tables == captured.full_tables
    assert all(captured.full_tables.values())


@pytest.mark.parametrize("name", VIEWS)
def test_statements_are_all_that_dbt_ran(name: str, captured: Captured, replays: dict[str, Replay]):
    """They are one transaction, and give the same tables as dbt."""
    replay = replays[name]
    begins = [
        "BEGIN",
        f'create or replace temporary table "changed_{name}"',
        f'create temporary table "{name}__dbt_tmp',
        f'insert into "store"."features"."{name}"',
        f'delete from "operations"."events_of_{name}"',
        "COMMIT",
    ]
    got = [" ".join(sql.split()) for sql in replay.incremental]
    assert (got[0], got[-1]) == (begins[0], begins[-1])
    left = iter(got)  # others may stand between them
    assert all(any(sql.startswith(begin) for sql in left) for begin in begins)
    load_batch(replay.connection, 0, BATCH)
    replay.build()
    load_batch(replay.connection, 1, BATCH)
    assert replay.tables() != replay.of_full_build()
    replay.update()
    tables = replay.tables()
    assert tables == {table: captured.incremental_tables[table] for table in tables}


@pytest.mark.parametrize("name", VIEWS)
@given(data=st.data())
@settings(PROFILE, max_examples=5)
def test_every_batch_ends_as_a_full_build(
    name: str, replays: dict[str, Replay], data: st.DataObject
):
    replay = replays[name]
    before, *batches = data.draw(histories(VIEWS[name]))
    replay.load(before)
    replay.build()
    for after in batches:
        update(replay, before, after)
        before = after


@pytest.mark.parametrize("name", VIEWS)
def test_new_events_at_every_bound(name: str, replays: dict[str, Replay]):
    """A new event at a grain's begin or end, and old ones a window away, more or less."""
    view, replay = View(VIEWS[name]), replays[name]
    spans = [0, view.grain, *(window for window in view.windows if window)]
    offsets = [
        sign * (span + grains * view.grain) + beside
        for span in spans
        for grains in (-1, 0, 1)
        for sign in (-1, 1)
        for beside in (-1, 0, 1)
    ]
    old, new = [], []
    for number, offset in enumerate(offsets):
        fields = {"customer_id": number, "shop": str(number), "amount": Decimal(number)}
        for begin in (-400 * view.grain, 17_000 * view.grain):
            at = begin + (0, view.grain - 1)[number % 2]
            line = len(old)
            values = {"order_id": line % 3, "word": "ab"[line % 2], "quantity": line % 4}
            values["loaded_at"] = load_time(0) if number % 4 else None
            old.append(event(line, timestamp(at + offset), **fields, **values))
            # Only at the later of the two, so that no row of the earlier one is rebuilt.
            if begin > 0:
                later = {"order_id": number % 3, "word": "c", "quantity": 3, "is_gift": True}
                new.append(
                    event(-line, timestamp(at), **fields, **later, loaded_at=load_time(10_000))
                )
    replay.load(old)
    replay.build()
    update(replay, old, old + new)
    update(replay, old + new, old)


@pytest.mark.parametrize("name", VIEWS)
def test_entities_with_much_history_do_not_take_rows_of_others(
    name: str, replays: dict[str, Replay]
):
    """Of 60 customers some are built anew from different times on, next to each other."""
    replay = replays[name]
    for number, events in enumerate((3_000, 40, 40)):
        load_batch(replay.connection, number, events, 60)
        replay.update() if number else replay.build()
        assert replay.tables() == replay.of_full_build()


@pytest.mark.parametrize("name", VIEWS)
def test_a_change_of_any_one_column(name: str, replays: dict[str, Replay]):
    """One event of each entity changes in one column; its load time stays the same."""
    replay, start = replays[name], datetime(2017, 3, 12, 7)
    values = {
        "customer_id": -1,
        "store_id": -1,
        "shop": "another's",
        "order_id": 77,
        "product_id": 77,
        "word": "z",
        "quantity": 77,
        "amount": Decimal(77),
        "price": 77.5,
        "is_gift": True,
        "loaded_at": load_time(-1),
    }
    changes = [{column: value} for column, value in values.items()]
    changes += [{column: None} for column in values]
    for time in (start - timedelta(microseconds=1), start + timedelta(days=8), None):
        moved = event(0, time)
        changes.append({column: moved[column] for column in TIMES})
    before = [
        event(
            2 * number + second,
            start - second * timedelta(days=30),
            **{"customer_id": number, "store_id": 1, "shop": str(number), "order_id": second},
            **{"product_id": 1, "word": "ab"[second], "quantity": 3, "amount": Decimal(1)},
            **{"price": 0.5, "is_gift": False, "loaded_at": load_time(0)},
        )
        for number in range(len(changes))
        for second in (0, 1)
    ]
    after = [{**one, **(changes[n // 2] if n % 2 == 0 else {})} for n, one in enumerate(before)]
    replay.load(before)
    replay.build()
    update(replay, before, after)
    update(replay, after, before)


@pytest.mark.parametrize("name", ["by_hour", "ever"])
def test_nothing_is_written_where_no_feature_depends_on_it(name: str, replays: dict[str, Replay]):
    """Events in another order, with other values in columns that the view does not name."""
    replay = replays[name]
    load_batch(replay.connection, 0, BATCH)
    replay.build()
    before, tables = replay.row_ids(), replay.tables()
    replay.connection.execute(
        "create or replace table raw_events as from raw_events order by hash(line);"
        "update raw_events set shop = 'new', line = -line, product_id = 5, quantity = 1"
    )
    replay.update()
    assert (replay.row_ids(), replay.tables()) == (before, tables)
    assert before
