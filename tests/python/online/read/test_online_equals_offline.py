"""Every row and column of the sample, exported and read back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from feature_store.online.connection.open import open_online_store
from feature_store.online.export.served_views import choose_views
from feature_store.online.read.get import get_online_features
from feature_store.online.read.request import resolve_request
from feature_store.registry.definitions import FeatureDefinitions
from feature_store.settings import Settings
from feature_store.warehouse.connection import connect
from feature_store.warehouse.sql import identifier

pytestmark = pytest.mark.slow

#: Entities that are read at once.
CHUNK = 2_000


@pytest.mark.usefixtures("exported")
def test_every_row_and_column(sample: Settings, definitions: FeatureDefinitions, url: str):
    settings = Settings(**{**vars(sample), "redis_url": url})
    compared = 0
    with connect(sample.warehouse_path) as connection, open_online_store(settings) as store:
        for view in choose_views(definitions, []):
            keys = [key.name for key in view.entity]
            features = [feature.name for feature in view.features]
            columns = ", ".join(map(identifier, [*keys, *features]))
            rows = connection.execute(
                f"select feature_time, {columns} from {view.served_relation} "
                "where dbt_valid_to is null"
            ).fetchall()
            references = [f"{view.label}:{name}" for name in features]
            for start in range(0, len(rows), CHUNK):
                chunk = rows[start : start + CHUNK]
                request = resolve_request(definitions, store.keys, [view.label])
                entities = [dict(zip(keys, row[1:], strict=False)) for row in chunk]
                result = get_online_features(store, request, entities)
                for row, read, times in zip(chunk, result.rows, result.feature_times, strict=True):
                    assert times[view.label] == row[0].replace(tzinfo=UTC)
                    online = [read[reference] for reference in references]
                    offline = [*map(with_zone, row[1 + len(keys) :])]
                    assert online == offline, (view.label, row)
                    assert [*map(type, online)] == [*map(type, offline)], (view.label, row)
                    compared += 1
        assert store.topology.count_keys() == compared + len(choose_views(definitions, [])) + 1
    assert compared > 0


def with_zone(value: Any) -> Any:
    """Return a value of DuckDB as the online store gives it."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
