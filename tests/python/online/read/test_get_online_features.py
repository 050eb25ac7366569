"""Reading online features from Python: typed, in order, in one round trip, with clear errors."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from feature_store import FeatureStore
from support.projects.customers_store import BIG
from support.projects.tiny_store import TinyStore
from support.servers.redis_server import RedisServer


def test_values_have_their_types_and_the_order_asked(store: FeatureStore):
    result = store.get_online_features(
        [{"customer_id": 2}, {"customer_id": 1}],
        ["customer_profile:tags", "customer_purchases:v1:spend_28d", "customer_profile:name"],
    )
    assert [list(row) for row in result.rows] == [
        [
            "customer_id",
            "customer_profile:tags",
            "customer_profile:name",
            "customer_purchases:v1:spend_28d",
        ]
    ] * 2
    assert result.rows[1] == {
        "customer_id": 1,
        "customer_profile:tags": ["a", "b"],
        "customer_purchases:v1:spend_28d": Decimal("10.50"),
        "customer_profile:name": "Zoë",
    }


def test_a_whole_view(store: FeatureStore):
    [row] = store.get_online_features([{"customer_id": 1}], ["customer_profile"]).rows
    assert row == {
        "customer_id": 1,
        "customer_profile:name": "Zoë",
        "customer_profile:born": date(1990, 5, 4),
        "customer_profile:seen_at": datetime(2026, 1, 1, 12, 0, 0, 250000, tzinfo=UTC),
        "customer_profile:points": BIG,
        "customer_profile:tags": ["a", "b"],
    }


def test_versions_side_by_side(store: FeatureStore):
    requested = [
        "customer_purchases:v1:orders_28d",
        "customer_purchases:orders_28d",
        "customer_purchases:v2",
    ]
    result = store.get_online_features([{"customer_id": 1}], requested)
    [row] = result.rows
    assert row["customer_purchases:v1:orders_28d"] == 3
    assert row["customer_purchases:orders_28d"] == row["customer_purchases:v2:orders_28d"] == 4
    assert row["customer_purchases:v2:is_new"] is True
    assert [*result.feature_times[0]] == ["customer_purchases:v1", "customer_purchases:v2"]


def test_duplicates_are_answered_as_often_as_asked(store: FeatureStore):
    one, two = {"customer_id": 1}, {"customer_id": 2}
    requested = ["customer_purchases:v1:orders_28d", "customer_purchases:v1:orders_28d"]
    result = store.get_online_features([one, two, one], requested)
    assert result.rows == [
        {"customer_id": 1, "customer_purchases:v1:orders_28d": 3},
        {"customer_id": 2, "customer_purchases:v1:orders_28d": 0},
        {"customer_id": 1, "customer_purchases:v1:orders_28d": 3},
    ]
    both = store.get_online_features(
        [one], ["customer_purchases:v1:orders_28d", "customer_purchases:v1"]
    )
    assert len(both.rows[0]) == 1 + 3


@pytest.mark.parametrize("customer_id", [1, "1", np.int64(1), np.uint8(1), pd.Series([1])[0]])
def test_ids_as_text_or_of_numpy_and_pandas(store: FeatureStore, customer_id: object):
    entities = [{"customer_id": customer_id}]
    [row] = store.get_online_features(entities, ["customer_purchases:v1:orders_28d"]).rows
    assert row["customer_purchases:v1:orders_28d"] == 3
    assert row["customer_id"] is customer_id


def test_no_entities(store: FeatureStore):
    result = store.get_online_features([], ["customer_purchases:v1:orders_28d"])
    assert result.rows == result.feature_times == []
    assert list(result.to_pandas().columns) == ["customer_purchases:v1:orders_28d"]


def test_one_pipeline_without_a_transaction(store: FeatureStore, server: RedisServer):
    entities = [{"customer_id": n, "store": "Nord"} for n in range(50)]
    features = ["customer_purchases", "customer_profile", "affinity"]
    store.get_online_features(entities, features)
    server.db.config_resetstat()
    before = server.db.info("clients")["connected_clients"]
    store.get_online_features(entities, features)
    assert server.db.info("clients")["connected_clients"] == before
    calls = server.calls()
    assert calls["hmget"] == 50 * 3
    assert {*calls} <= {"hmget", "info", "config", "client", "hello"}


def test_to_pandas_keeps_types(store: FeatureStore):
    entities = [{"customer_id": 1}, {"customer_id": 404}]
    features = ["customer_purchases", "customer_profile"]
    frame = store.get_online_features(entities, features).to_pandas()
    assert list(frame["customer_id"]) == [1, 404]
    assert {
        name.split(":")[1]: str(kind) for name, kind in frame.dtypes.items() if ":" in name
    } == {
        "orders_28d": "Int64",
        "spend_28d": "object",
        "average_28d": "float64",
        "is_new": "boolean",
        "name": "str",
        "born": "object",
        "seen_at": "datetime64[us, UTC]",
        "points": "object",
        "tags": "object",
    }
    assert frame["customer_purchases:orders_28d"][0] == 4
    assert frame["customer_purchases:orders_28d"][1] is pd.NA
    assert frame["customer_purchases:spend_28d"][0] == Decimal("99.90")
    assert frame["customer_profile:points"][0] == BIG
    assert frame["customer_profile:seen_at"][0] == pd.Timestamp("2026-01-01 12:00:00.25", tz="UTC")
    assert frame.drop(columns="customer_id").iloc[1].isna().all()


def test_without_a_warehouse(tiny: TinyStore, store: FeatureStore, tmp_path: Path):
    """Serving needs the manifest and Redis; the DuckDB file may be busy or elsewhere."""
    hidden = tiny.warehouse.rename(tmp_path / "elsewhere.duckdb")
    try:
        [row] = store.get_online_features([{"customer_id": 1}], ["customer_profile:name"]).rows
        assert row["customer_profile:name"] == "Zoë"
    finally:
        hidden.rename(tiny.warehouse)


def test_feature_views_are_listed(store: FeatureStore):
    labels = [(view.label, view.is_latest) for view in store.feature_views]
    assert labels == [
        ("affinity:v1", True),
        ("customer_profile:v1", True),
        ("customer_purchases:v1", False),
        ("customer_purchases:v2", True),
    ]
