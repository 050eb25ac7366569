"""``get_historical_features`` on the built sample: every view version against the oracle.

The views are those of the manifest, so a new one is tested without a change here.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from feature_store import FeatureStore
from feature_store.errors import FeatureStoreError
from feature_store.registry.definitions import FeatureView, load_definitions
from feature_store.settings import load_settings
from support.oracles.point_in_time import Joined, point_in_time
from support.oracles.windowed_features import microseconds
from support.projects.built_sample import Sample, draw

pytestmark = pytest.mark.slow

#: What is drawn of each view: entities, their rows, and random times for each.
ENTITIES, ROWS, LOOKUPS = 25, 2_000, 5
TICK = timedelta(microseconds=1)
NOT_BUILT = "the sample is not built; run: make test"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of a view for each one in the manifest."""
    if "label" in metafunc.fixturenames:
        try:
            views = load_definitions(load_settings().target_path / "manifest.json").views
            labels = [view.label for view in views]
        except FeatureStoreError:
            labels = [NOT_BUILT]
        metafunc.parametrize("label", labels)


@pytest.fixture(scope="module")
def built() -> Iterator[Sample]:
    sample = Sample()
    yield sample
    sample.connection.close()


@pytest.fixture(scope="module")
def store() -> Iterator[FeatureStore]:
    with FeatureStore() as opened:
        yield opened


def view_of(store: FeatureStore, label: str) -> FeatureView:
    return store.definitions.view(*label.split(":v"))


def drawn_spine(
    view: FeatureView, rows: list[dict[str, Any]], keys: list[str]
) -> list[dict[str, Any]]:
    """Return times at random, and at and beside those at which rows stand; in random order."""
    chance = random.Random(view.label)
    entities = sorted({tuple(row[key] for key in keys) for row in rows})
    times = [row["feature_time"] for row in rows]
    first, last = microseconds(min(times)), microseconds(max(times))
    spine = []
    for entity in [*entities, tuple(2**40 + n for n in range(len(keys)))]:
        own = [row["feature_time"] for row in rows if tuple(row[key] for key in keys) == entity]
        labels = [datetime(2017, 1, 1) + timedelta(days=chance.uniform(-9, 400))]
        labels += [
            datetime(1970, 1, 1) + timedelta(microseconds=chance.randint(first - 10, last + 10))
            for _ in range(LOOKUPS)
        ]
        labels += [
            time + TICK * n for time in chance.sample(own, min(4, len(own))) for n in (-1, 0)
        ]
        spine += [{**dict(zip(keys, entity, strict=True)), "label_time": time} for time in labels]
    chance.shuffle(spine)
    return spine


def test_joined_rows_equal_the_oracle(label: str, built: Sample, store: FeatureStore):
    view = view_of(store, label)
    keys = [key.name for key in view.entity]
    entities = draw(built.keys(view.relation, keys), events=ROWS, entities=ENTITIES)
    rows = built.of(view.relation, keys, entities)
    spine = drawn_spine(view, rows, keys)
    names = [feature.name for feature in view.features]
    for max_age, age in ((None, None), ("7d", 7 * 86_400_000_000)):
        joined = Joined(rows, {key: key for key in keys}, names, max_age=age)
        expected = point_in_time(spine, [joined], "label_time", "as_recomputed")
        result = store.get_historical_features(pd.DataFrame(spine), [label], max_age=max_age)
        assert result.to_arrow().to_pylist() == expected
    found = sum(any(row[name] is not None for name in names) for row in expected)
    assert 0 < found < len(expected)


def test_as_served_is_what_is_served(label: str, built: Sample, store: FeatureStore):
    """From the moment of the snapshot on the rows of the online store, and nothing before it."""
    view = view_of(store, label)
    keys = ", ".join(key.name for key in view.entity)
    features = ", ".join(feature.name for feature in view.features)
    # Of the large views some thousand rows.
    parts = sum(built.keys(view.served_relation, keys.split(", ")).values()) // 5_000 + 1
    current = (
        f"from {view.served_relation} where dbt_valid_to is null and hash({keys}) % {parts} = 0"
    )
    served = list(built.rows(f"select {keys}, {features} {current} order by {keys}"))
    assert served

    def joined(time: str) -> list[dict[str, Any]]:
        spine = f"select {keys}, {time} as label_time {current} order by {keys}"
        result = store.get_historical_features(spine, [label], mode="as_served")
        return result.to_arrow().drop_columns(["label_time"]).to_pylist()

    assert joined("timestamp '2999-12-31'") == joined("dbt_valid_from") == served
    first = f"(select min(dbt_valid_from) from {view.served_relation})"
    before = joined(f"{first} - interval 1 microsecond")
    names = [feature.name for feature in view.features]
    assert {row[name] for row in before for name in names} == {None}
