"""The feature tables of the built sample compared with the oracle: every view, version and column.

The views are those of the manifest, so a new one is tested without a change here.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from feature_store.errors import FeatureStoreError
from support.oracles.windowed_features import EPOCH, History, differences, microseconds, timestamp
from support.projects.built_sample import Key, Sample, SampleView, draw, relation, windowed_views
from support.projects.compiled_project import keyed

pytestmark = pytest.mark.slow

#: The random entities drawn of each view beside the largest and smallest, and their events.
ENTITIES, EVENTS = 400, 30_000
LOOKUPS = 5  # random times per entity
NOT_BUILT = "the sample is not built; run: make test"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of a view for each one in the manifest."""
    if "drawn" in metafunc.fixturenames:
        try:
            labels = list(windowed_views())
        except FeatureStoreError:
            labels = [NOT_BUILT]
        metafunc.parametrize("drawn", labels, indirect=True, scope="module")


@pytest.fixture(scope="module")
def sample() -> Iterator[Sample]:
    """Return the built sample; without one, the tests fail and say what to do."""
    try:
        sample = Sample()
    except FeatureStoreError as error:
        pytest.fail(f"{NOT_BUILT}\n{error}", pytrace=False)
    yield sample
    sample.connection.close()  # another process may want to write


class Drawn:
    """A view, the histories of some of its entities, and the rows expected for them."""

    def __init__(self, sample: Sample, label: str):
        self.view: SampleView = sample.view(label)
        self.sizes = sample.keys(self.view.event_relation, self.view.entity)
        self.keys = draw(self.sizes, EVENTS, ENTITIES)
        events = sample.of(self.view.event_relation, self.view.entity, self.keys)
        self.histories: dict[Key, History] = self.view.histories(events)
        self.table = {
            (*key, timestamp(time)): {"feature_time": timestamp(time), **history.row(time)}
            for key, history in self.histories.items()
            for time in history.feature_times()
        }


@pytest.fixture(scope="module")
def drawn(request: pytest.FixtureRequest, sample: Sample) -> Drawn:
    try:
        return Drawn(sample, request.param)
    except duckdb.CatalogException as error:
        pytest.fail(f"{NOT_BUILT}\n{error}", pytrace=False)


def test_every_column_is_what_the_definition_says(drawn: Drawn, sample: Sample):
    """All rows of the drawn entities, all columns, no row more or less."""
    view = drawn.view
    assert sample.columns(view.relation) == view.columns
    rows = sample.of(view.relation, view.entity, drawn.keys)
    assert differences(drawn.table, keyed(rows, [*view.entity, "feature_time"])) == []


def test_every_entity_with_an_event_is_there(drawn: Drawn, sample: Sample):
    in_table = sample.keys(drawn.view.relation, drawn.view.entity)
    assert in_table.keys() == {key for key in drawn.sizes if None not in key}


def test_online_view_is_the_latest_row_at_the_end_of_the_data(drawn: Drawn, sample: Sample):
    view = drawn.view
    assert view.is_online == (view.online_relation is not None)
    if view.online_relation is None:
        return
    (newest,) = sample.rows(f"select max({view.event_time}) as time from {view.event_relation}")
    as_of = timestamp((microseconds(newest["time"]) // view.grain + 1) * view.grain)
    latest = {}
    for key, row in sorted(drawn.table.items()):
        if key[-1] <= as_of:
            latest[key[:-1]] = row
    rows = sample.of(view.online_relation, view.entity, drawn.keys)
    assert sample.columns(view.online_relation) == view.columns
    assert differences(latest, keyed(rows, view.entity)) == []


def test_latest_row_at_any_time_is_what_a_dense_grid_has(drawn: Drawn, sample: Sample):
    """At random times, also long after the last event: the features as of that grain."""
    view = drawn.view
    chance = random.Random(len(drawn.keys))
    spine, expected = [], {}
    for key, history in sorted(drawn.histories.items()):
        reach = history.times[0] - 2 * view.grain, history.feature_times()[-1] + 2 * view.grain
        for _ in range(LOOKUPS):
            time = chance.randrange(*reach)
            spine.append((*key, timestamp(time)))
            at = time // view.grain * view.grain
            seen = any(event < at for event in history.times[:1])
            expected[spine[-1]] = history.features(at) if seen else dict.fromkeys(view.features)
    keys = ", ".join(view.entity)
    lists = ", ".join(f"unnest(?) as {column}" for column in [*view.entity, "time"])
    same = "".join(f"spine.{column} = latest.{column} and " for column in view.entity)
    looked_up = sample.rows(
        f"select spine.*, latest.* exclude ({keys}) from (select {lists}) as spine "
        f"asof left join {view.relation} as latest on {same} spine.time >= latest.feature_time",
        [list(column) for column in zip(*spine, strict=True)],
    )
    assert differences(expected, keyed(looked_up, [*view.entity, "time"])) == []


AGE_BANDS = ["19-24", "25-34", "35-44", "45-54", "55-64", "65+"]
INCOME_BANDS = [
    *("Under 15K", "15-24K", "25-34K", "35-49K", "50-74K", "75-99K"),
    *("100-124K", "125-149K", "150-174K", "175-199K", "200-249K", "250K+"),
]


def encoded(customer: dict[str, Any]) -> dict[str, Any]:
    """Return the profile features of a cleaned customer, from their descriptions in the YAML."""

    def rank(bands: list[str], band: str) -> int | None:
        return None if band == "unknown" else bands.index(band) + 1

    def number(text: str) -> int | None:
        return {"0": 0, "1": 1, "2": 2, "3": 3, "3+": 3, "4": 4, "5+": 5}.get(text)

    owner, married = customer["home_ownership"], customer["marital_status"]
    return {
        "age_rank": rank(AGE_BANDS, customer["age_band"]),
        "income_rank": rank(INCOME_BANDS, customer["income_band"]),
        "household_size": number(customer["household_size"]),
        "kids_count": number(customer["kids_count"]),
        "is_homeowner": None if owner == "unknown" else owner.endswith("Homeowner"),
        "is_married": None if married == "unknown" else married == "Married",
        "household_composition": customer["household_composition"],
        "has_demographics": customer["has_demographics"],
    }


def test_profile_is_the_encoded_customer(sample: Sample):
    """Every customer: the last version on record, in the feature table and in the online view."""
    cleaned = relation(sample.nodes["model.feature_store.customers"])
    customers = {(row["customer_id"],): row for row in sample.rows(f"select * from {cleaned}")}
    expected = {key: encoded(customer) for key, customer in customers.items()}
    for unique_id in ("customer_profile.v1", "online_customer_profile_v1"):
        table = relation(sample.nodes[f"model.feature_store.{unique_id}"])
        features = list(next(iter(expected.values())))
        assert sample.columns(table) == ["customer_id", "feature_time", *features, "known_at"]
        rows = sample.rows(f"select * from {table} order by customer_id, feature_time")
        latest = {(row["customer_id"],): row for row in rows}
        assert differences(expected, latest) == []
        assert all(row["known_at"] <= customers[key]["loaded_at"] for key, row in latest.items())


def test_first_profile_is_valid_from_the_beginning(sample: Sample):
    table = relation(sample.nodes["model.feature_store.customer_profile.v1"])
    rows = sample.rows(f"select * from {table} order by customer_id, feature_time")
    keyed(rows, ["customer_id", "feature_time"])
    seen = set()
    for row in rows:
        is_first = row["customer_id"] not in seen
        seen.add(row["customer_id"])
        assert row["feature_time"] == (EPOCH if is_first else row["known_at"])
