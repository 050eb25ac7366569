"""``explain_feature`` and ``features_at`` on a small shop: more aggregates, late and lost data."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from feature_store.explain import Explanation, explain_feature, features_at
from feature_store.registry.definitions import FeatureDefinitions
from feature_store.warehouse.connection import connect
from support.projects.explain_project import (
    AGGREGATES,
    DAY,
    DECLARATION,
    DERIVED,
    ENTITIES,
    START,
    TICK,
    WINDOWS,
    Shop,
    expected,
    in_window,
    is_dear,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def definitions(shop: Shop) -> FeatureDefinitions:
    return shop.definitions()


@pytest.fixture
def connection(shop: Shop) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(shop.warehouse) as opened:
        yield opened


@pytest.fixture
def damaged(shop: Shop, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a copy of its warehouse that the test may change."""
    shutil.copy(shop.warehouse, tmp_path / "copy.duckdb")
    with connect(tmp_path / "copy.duckdb", read_only=False) as opened:
        yield opened


@pytest.fixture
def explain(definitions, connection) -> Callable[..., Explanation]:
    return partial(explain_feature, definitions, connection)


@pytest.fixture
def explain_damaged(definitions, damaged) -> Callable[..., Explanation]:
    return partial(explain_feature, definitions, damaged)


def ids(entity: tuple[str, int]) -> dict[str, Any]:
    return {"shop": entity[0], "till": entity[1]}


def check(shop: Shop, found: Explanation, entity: tuple[str, int], name: str, window: str) -> None:
    time = found.feature_time.replace(tzinfo=None) if found.feature_time else None
    assert time is not None
    wanted = expected(shop, entity, time, window)[name]
    if name == "common":
        assert found.value in wanted
    else:
        assert found.value == wanted
    assert found.is_confirmed, (found.value, found.recomputed)
    sales = in_window(shop, entity, time, window)
    sales = [sale for sale in sales if name != "dear" or is_dear(sale)]
    (rows,) = found.contributions
    places = [(sale["source_file"], sale["source_row"]) for sale in sales]
    assert [(row["source_file"], row["source_row"]) for row in rows.rows] == places
    raw = rows.raw_rows.get('"raw"."sold"', [])
    columns = ("shop", "till", "price", "kind", "sold_at")
    assert [tuple(row[c] for c in columns) for row in raw] == [
        tuple(sale[c] for c in columns) for sale in sales
    ]


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_aggregate_at_every_bound(shop, connection, entity, explain):
    """At some feature times: then, 1 µs to either side, and a day later."""
    feature_times = [
        time
        for (time,) in connection.execute(
            "select feature_time from sales where shop = ? and till = ? order by all", entity
        ).fetchall()
    ]
    chance = random.Random(str(entity))
    drawn = chance.sample(feature_times, 6)
    times = [time + chance.choice([0 * TICK, -TICK, TICK, DAY]) for time in drawn]
    for at in [time for time in times if time >= feature_times[0]]:
        (latest, *_) = [time for time in reversed(feature_times) if time <= at]
        for name in AGGREGATES:
            for window in WINDOWS:
                found = explain(ids(entity), f"sales:{name}_{window}", at)
                assert found.feature_time == latest.replace(tzinfo=UTC)
                check(shop, found, entity, name, window)


def test_the_bounds_of_a_window(shop, explain):
    """The event at T - window is in, the one at T and the one 1 µs before T - window are not."""
    found = explain(ids(ENTITIES[1]), "sales:sales_3d", START + DAY)
    (rows,) = found.contributions
    assert [row["sold_at"] for row in rows.rows] == [START]
    later = START + 4 * DAY
    found = explain(ids(ENTITIES[1]), "sales:sales_3d", later)
    (rows,) = found.contributions
    bounds = [START + DAY + TICK, START + DAY + DAY / 3, later - TICK]
    assert [row["sold_at"] for row in rows.rows] == bounds
    (before,) = [s for s in shop.sales if s["sold_at"] == later + TICK and s["shop"] == "a|1"]
    assert before["sold_at"] not in bounds


def test_derived_from_derived(explain):
    at = START + 5 * DAY
    found = explain(ids(ENTITIES[2]), "sales:doubled_3d", at)
    assert (found.kind, found.definition) == ("derived", DERIVED["doubled_3d"])
    (share,) = found.parts
    assert (share.reference, share.definition) == ("sales:dear_share_3d", DERIVED["dear_share_3d"])
    parts = {part.feature: part for part in share.parts}
    assert parts.keys() == {"dear_3d", "sales_3d"}
    assert found.value == 2 * parts["dear_3d"].value / parts["sales_3d"].value
    assert all(one.is_confirmed for one in (found, share, *share.parts))
    assert all(part.contributions for part in share.parts)


def test_what_was_served_before_the_late_sale_and_after(definitions, connection, explain):
    bounds = connection.execute(
        "select dbt_valid_from, dbt_valid_to from served_sales_v1 "
        "where shop = 'a' and till = 1 order by dbt_valid_from"
    ).fetchall()
    ((first, changed), (second, end)) = bounds
    assert (changed, end) == (second, None)
    for at, served, status in [
        (first - TICK, None, "not served"),
        (first, 7, "differs"),
        (changed - TICK, 7, "differs"),
        (changed, 8, "same"),
    ]:
        found = explain(ids(ENTITIES[0]), "sales:sales_lifetime", at)
        assert found.value == 8
        assert (found.served.value if found.served else None) == served
        (row,) = features_at(
            definitions, connection, ids(ENTITIES[0]), at, ["sales:sales_lifetime"]
        )
        assert (row.recomputed, row.served, row.status) == (8, served, status)
    assert found.served is not None
    assert found.served.served_to is None


def test_features_at_has_every_view_of_the_entity(definitions, connection):
    rows = features_at(definitions, connection, ids(ENTITIES[3]), START + DAY / 2)
    names = [f"{name}_{window}" for name in AGGREGATES for window in WINDOWS]
    assert [row.reference for row in rows] == [
        "bare:sales_1d",
        "profile:first_kind",
        *(f"sales:{name}" for name in [*names, *DERIVED]),
    ]
    by_name = {row.reference: row for row in rows}
    assert by_name["profile:first_kind"].recomputed == "TEA"
    assert by_name["profile:first_kind"].status == "not served"
    assert {row.status for row in rows if row.view != "profile:v1"} == {"no row"}


def test_events_without_lineage(shop, explain):
    at = START + 2 * DAY
    found = explain(ids(ENTITIES[1]), "bare:sales_1d", at)
    (rows,) = found.contributions
    sales = in_window(shop, ENTITIES[1], at, "1d")
    assert [row["sold_at"] for row in rows.rows] == [sale["sold_at"] for sale in sales]
    assert (rows.raw_rows, found.is_confirmed) == ({}, True)
    assert any("their raw rows are unknown" in note for note in found.notes)
    assert "bare:v1 is not served" in found.notes


def test_a_model_by_hand_shows_the_rows_it_reads(explain):
    found = explain(ids(ENTITIES[3]), "profile:first_kind", START + DAY)
    assert (found.kind, found.value, found.is_confirmed) == ("sql", "TEA", None)
    (rows,) = found.contributions
    assert [row["first_kind"] for row in rows.rows] == ["tea"]
    assert any("written by hand" in note for note in found.notes)


def test_a_limit_shows_the_first_rows_and_counts_all(explain):
    arguments = (ids(ENTITIES[0]), "sales:sales_lifetime", START + 30 * DAY)
    full, few = explain(*arguments), explain(*arguments, limit=2)
    (all_rows,), (rows,) = full.contributions, few.contributions
    assert (rows.row_count, all_rows.row_count, few.value, few.is_confirmed) == (8, 8, 8, True)
    assert rows.rows == all_rows.rows[:2]
    assert rows.raw_rows == {t: r[:2] for t, r in all_rows.raw_rows.items()}


def test_events_that_were_changed_since_the_build(damaged, explain_damaged):
    damaged.execute("update sales_lines set price = price + 1 where price >= 10")
    found = explain_damaged(ids(ENTITIES[0]), "sales:dear_lifetime", START + 30 * DAY)
    assert found.recomputed > found.value
    assert found.is_confirmed is False
    assert any("were changed since dbt built" in note for note in found.notes)


def test_raw_rows_that_are_gone(damaged, explain_damaged):
    damaged.execute("delete from raw.sold where _source_file = 'data/3.csv'")
    damaged.execute("update sales_lines set source_row = null where source_file = 'data/2.csv'")
    found = explain_damaged(ids(ENTITIES[0]), "sales:sales_lifetime", START + 30 * DAY)
    (rows,) = found.contributions
    assert (len(rows.rows), len(rows.raw_rows['"raw"."sold"'])) == (8, 6)
    notes = " ".join(found.notes)
    assert "raw rows of 1 row" in notes
    assert "1 row of " in notes
    assert "without a raw row's number" in notes


def test_a_removed_entity_is_served_until_its_bound(damaged, explain_damaged):
    end = datetime(2100, 1, 1)
    damaged.execute("update served_sales_v1 set dbt_valid_to = ? where dbt_valid_to is null", [end])
    arguments = (ids(ENTITIES[0]), "sales:sales_lifetime")
    assert explain_damaged(*arguments, end).served is None
    last = explain_damaged(*arguments, end - TICK).served
    assert last is not None
    assert (last.value, last.served_to) == (8, end.replace(tzinfo=UTC))


def test_a_view_whose_snapshot_was_never_made(damaged, explain_damaged):
    damaged.execute("drop table served_sales_v1")
    at = START + 30 * DAY
    found = explain_damaged(ids(ENTITIES[0]), "sales:sales_1d", at)
    assert (found.value, found.served) == (0, None)
    assert "nothing was served of this entity at that time" in found.notes


def test_every_feature_of_the_declaration_is_there(definitions: FeatureDefinitions) -> None:
    features = {feature.name for feature in definitions.view("sales").features}
    windows = DECLARATION["windows"]
    assert features == {f"{name}_{w}" for name in AGGREGATES for w in windows} | set(DERIVED)
